//! Plays seeds: `cargo run -p testkit --example try -- FIRST COUNT`.
fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().unwrap_or(0));
    let (first, count) = (arguments.next().unwrap_or(0), arguments.next().unwrap_or(100));
    println!("{}", testkit::simulate::run(first, count, 2));
}
