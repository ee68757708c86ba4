//! Makes thumbnails of a folder of pictures, all processors at it, and shows each as it is done.
//!
//! Decoding and resizing need the processor and nothing else: as many threads as there are processors.
//! What cannot be decoded is reported, and the rest goes on.
//!
//! Thumbnails fit into 800×600, keep their proportions, and go to the folder `thumbnails` in the one
//! that is given. Without arguments it makes pictures of its own, in a folder that is gone afterwards.
//!
//! ```sh
//! cargo run --release --example thumbnails
//! cargo run --release --example thumbnails -- ~/Pictures
//! ```

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use concurrent_futures::{ThreadPoolExecutor, as_completed};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Rgb, RgbImage};

const WIDTH: u32 = 800;
const HEIGHT: u32 = 600;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("thumbnails: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let pool = ThreadPoolExecutor::new(thread::available_parallelism()?.get())?;
    if let Some(folder) = std::env::args_os().nth(1) {
        return thumbnails(&pool, Path::new(&folder));
    }
    let samples = tempfile::Builder::new().prefix("thumbnails-").tempdir()?;
    make_samples(&pool, samples.path())?;
    thumbnails(&pool, samples.path())?;
    samples.close()?;
    println!("and gone with its pictures: give a folder of yours to keep them");
    Ok(())
}

fn thumbnails(pool: &ThreadPoolExecutor, folder: &Path) -> Result<(), Box<dyn Error>> {
    let pictures = pictures(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if pictures.is_empty() {
        return Err(format!("{}: no file is called .png, .jpg or .jpeg", folder.display()).into());
    }
    let target = folder.join("thumbnails");
    fs::create_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    println!("{}: pictures: {}, threads: {}", folder.display(), pictures.len(), pool.max_workers());

    let mut futures = Vec::new();
    for path in pictures {
        let name = path.file_name().unwrap_or_default().to_os_string();
        let to = target.join(&name);
        futures.push((name, pool.submit_fallible(move || thumbnail(&path, to))?));
    }
    let mut finished = Vec::new();
    for (name, future) in as_completed(futures) {
        match future.result() {
            Ok(thumbnail) => {
                println!("  {:<16} {}", name.display(), thumbnail.sizes);
                finished.push(thumbnail.path);
            }
            Err(error) => println!("  {:<16} skipped: {error}", name.display()),
        }
    }
    if finished.is_empty() {
        return Err("none of these could be read".into());
    }
    println!("{} thumbnails in {}", finished.len(), target.display());
    Ok(())
}

struct Thumbnail {
    path: PathBuf,
    /// Width and height before and after, to be read by people.
    sizes: String,
}

fn thumbnail(from: &Path, to: PathBuf) -> Result<Thumbnail, ImageError> {
    // What is in a file decides, not what it is called.
    let reader = ImageReader::open(from)?.with_guessed_format()?;
    let format = reader.format().unwrap_or(ImageFormat::Png);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);

    let (width, height) = (picture.width(), picture.height());
    if width > WIDTH || height > HEIGHT {
        picture = picture.thumbnail(WIDTH, HEIGHT);
    }
    picture.save_with_format(&to, format)?;
    let sizes = format!("{width:>4}×{height:<4} to {}×{}", picture.width(), picture.height());
    Ok(Thumbnail { path: to, sizes })
}

/// The files in a folder whose names say that they are pictures.
fn pictures(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if ImageFormat::from_path(&path).is_ok_and(|it| it.reading_enabled()) && path.is_file() {
            pictures.push(path);
        }
    }
    pictures.sort();
    Ok(pictures)
}

/// Wide ones, high ones, one that is small already, and one that is none.
fn make_samples(pool: &ThreadPoolExecutor, folder: &Path) -> Result<(), Box<dyn Error>> {
    let samples = [
        ("beach.jpg", 3000, 2000),
        ("cat.png", 1024, 1024),
        ("door.jpg", 900, 2400),
        ("forest.jpg", 2400, 1600),
        ("icon.png", 64, 64),
        ("skyline.png", 2800, 700),
        ("tower.jpg", 1200, 1800),
    ];
    let to = folder.to_path_buf();
    let saved = pool.map_fallible(
        move |(name, width, height)| sunset(width, height).save(to.join(name)),
        samples,
    );
    saved.collect::<Result<Vec<_>, _>>()?;
    fs::write(folder.join("broken.jpg"), "not a picture at all")?;
    fs::write(folder.join("notes.txt"), "passed over for its name")?;
    Ok(())
}

/// A sun over a horizon.
fn sunset(width: u32, height: u32) -> RgbImage {
    let (center_x, center_y) = (i64::from(width) / 2, i64::from(height) * 3 / 5);
    let radius = i64::from(width.min(height)) / 4;
    let shade = |y: u32, most: u64| (u64::from(y) * most / u64::from(height)) as u8;
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (i64::from(x) - center_x, i64::from(y) - center_y);
        match (dy > radius / 2, dx * dx + dy * dy < radius * radius) {
            (true, _) => Rgb([20, 30 + shade(y, 30), 90]),
            (false, true) => Rgb([255, 230 - shade(y, 90), 80]),
            (false, false) => Rgb([120 + shade(y, 130), 60 + shade(y, 80), 140]),
        }
    })
}
