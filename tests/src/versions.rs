//! Versions of a plugin, made of one component: other bytes of the same length in a few places.

/// `tests/pacer` as this version with this behaviour.
///
/// # Panics
/// If the component does not hold what is to be replaced.
pub fn pacer(component: &[u8], version: &str, behaviour: char) -> Vec<u8> {
    let version = ("version = \"0.1.0\"", format!("version = \"{version}\""));
    let behaviour = ("pacer-behaviour:1", format!("pacer-behaviour:{behaviour}"));
    [version, behaviour]
        .into_iter()
        .fold(component.to_vec(), |wasm, (from, to)| {
            patched(wasm, from, &to)
        })
}

/// The component with other words wherever these stand (the compiler keeps a copy of the manifest).
///
/// # Panics
/// If the words are not there, or of another length.
pub fn patched(mut wasm: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "{from} and {to} are of one length");
    let places: Vec<_> = wasm
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from.as_bytes())
        .map(|(place, _)| place)
        .collect();
    assert!(!places.is_empty(), "{from} stands nowhere in the component");
    for place in places {
        wasm[place..place + to.len()].copy_from_slice(to.as_bytes());
    }
    wasm
}
