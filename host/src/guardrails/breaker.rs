#[derive(Debug, Clone, Copy, Default)]
pub struct Breaker {
    pub window_ms: i64,
    pub pause_ms: i64,
}
pub fn tripped(_b: &Breaker, _s: u64, _bo: u64, _c: u64) -> Option<String> {
    None
}
