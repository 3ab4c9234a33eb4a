//! Pickles made to hurt.

use super::*;

fn read(input: &[u8]) -> Result<Pickle<'_>, Fault> {
    Ok(Pickle::read(input)?.0)
}

fn tensors(input: &[u8]) -> Result<usize, String> {
    let pickle = read(input).map_err(|error| error.to_string())?;
    let storage = |key: &str| (key == "0").then_some((64, 16));
    Ok(pickle
        .tensors(storage)
        .map_err(|error| error.to_string())?
        .len())
}

/// `{"w": <a tensor of storage "0">}`, as PyTorch writes it, with the numbers given.
fn tensor(kind: &str, offset: u8, size: u8, stride: u8) -> Vec<u8> {
    let mut pickle =
        b"\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\n".to_vec();
    pickle.extend(kind.as_bytes());
    pickle.extend(b"\nU\x010U\x03cpuK\x04tQ");
    pickle.extend([b'K', offset, b'K', size, 0x85, b'K', stride, 0x85]);
    pickle.extend(b"\x89}tRs.");
    pickle
}

#[test]
fn a_tensor_lies_in_its_storage() {
    assert_eq!(tensors(&tensor("FloatStorage", 0, 4, 1)), Ok(1));
    assert_eq!(tensors(&tensor("FloatStorage", 1, 2, 2)), Ok(1));
    for (offset, size, stride) in [(1, 4, 1), (0, 5, 1), (0, 3, 2), (200, 1, 1)] {
        let error = tensors(&tensor("FloatStorage", offset, size, stride)).expect_err("outside");
        assert!(error.contains("does not lie in its storage"), "{error}");
    }
    let error = tensors(&tensor("FloatStorage", 0, 200, 0)).expect_err("repeated");
    assert!(error.contains("repeats elements"), "{error}");
    let error = tensors(&tensor("ComplexFloatStorage", 0, 1, 1)).expect_err("unread");
    assert!(
        error.contains("ComplexFloatStorage is not read here"),
        "{error}"
    );
}

#[test]
fn dictionaries_of_python_2_are_read() {
    // OrderedDict([["w", tensor]]), as LPIPS' heads are written.
    let whole = tensor("FloatStorage", 0, 4, 1);
    let inner = &whole[3..whole.len() - 2];
    let mut pickle = b"\x80\x02ccollections\nOrderedDict\n](](".to_vec();
    pickle.extend(inner);
    pickle.extend(b"ee\x85R.");
    assert_eq!(tensors(&pickle), Ok(1));
    // What is no list of pairs makes an empty one.
    assert_eq!(
        tensors(b"\x80\x02ccollections\nOrderedDict\n](NNe\x85R."),
        Ok(0)
    );
}

#[test]
fn nothing_is_executed() {
    // os.system("touch pwned"), as an exploit writes it: kept as a call that nobody makes.
    let call = b"\x80\x02cposix\nsystem\nU\x0btouch pwned\x85R.";
    let pickle = read(call).expect("read");
    assert!(matches!(pickle.value(pickle.root), Value::Call { .. }));
    assert_eq!(tensors(call), Ok(0));
    assert!(!std::path::Path::new("pwned").exists());
    // The text protocol, in which most exploits are written, is not read at all.
    assert!(read(b"cos\nsystem\n(S'true'\ntR.").is_err());
}

#[test]
fn values_used_often_are_there_once() {
    // A list of two of a list of two of …, a hundred deep.
    let mut laughs = b"\x80\x02]q\x00".to_vec();
    for _ in 0..100 {
        laughs.extend(b"](h\x00h\x00eq\x00");
    }
    laughs.push(b'.');
    assert!(read(&laughs).is_ok_and(|pickle| pickle.values.len() < 200));
}

#[test]
fn dictionaries_within_dictionaries_end() {
    // d["a"] = d, and the same with a hundred keys.
    let mut itself = b"\x80\x02}q\x00".to_vec();
    for _ in 0..100 {
        itself.extend(b"U\x01ah\x00s");
    }
    itself.push(b'.');
    let error = tensors(&itself).expect_err("endless");
    assert!(error.contains("too many entries"), "{error}");
    assert_eq!(tensors(b"\x80\x02}q\x00U\x01ah\x00s."), Ok(0));
}

#[test]
fn depth_costs_no_stack() {
    let mut deep = b"\x80\x02N".to_vec();
    deep.extend([0x85; 1_000_000]);
    deep.push(b'.');
    assert!(read(&deep).is_ok());
    let mut many = vec![b'N'; 2_000_000];
    many.push(b'.');
    assert!(read(&many).is_err_and(|error| error.to_string().contains("too many values")));
    let marks = vec![b'('; 2_000_000];
    assert!(read(&marks).is_err());
}

#[test]
fn lengths_are_not_believed() {
    for broken in [
        &b"X\xff\xff\xff\xff."[..],
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"\x8b\xff\xff\xff\x7f.",
        b"\x95\xff",
        b"cnumpy",
        b"t.",
        b"R.",
        b"s.",
        b"a.",
        b"(.",
        b"2.",
        b"h\x05.",
        b"q\x05.",
        b"(K\x01u.",
        b"",
    ] {
        assert!(read(broken).is_err(), "{broken:?}");
    }
}

#[test]
fn numbers_come_out() {
    for (input, number) in [
        (&b"K\xff."[..], 255),
        (b"M\xe9\x03.", 1001),
        (b"J\xff\xff\xff\xff.", -1),
        (b"\x8a\x00.", 0),
        (b"\x8a\x01\xff.", -1),
        (b"\x8a\x05\x00\x00\x00\x00\x01.", 1 << 32),
    ] {
        assert_eq!(
            read(input).expect("read").whole_number(),
            Some(number),
            "{input:?}"
        );
    }
    assert_eq!(
        read(b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")
            .expect("read")
            .whole_number(),
        None
    );
}
