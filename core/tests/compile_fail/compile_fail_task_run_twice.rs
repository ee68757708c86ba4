//! A task is run once.

use concurrent_futures_core::Task;

fn both(task: Task) {
    task.run();
    task.run(); //~ E0382
}

fn main() {
    let _ = both;
}
