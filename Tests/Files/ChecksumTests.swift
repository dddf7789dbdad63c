import Testing

@testable import EmotionFormerFiles

@Suite struct ChecksumTests {
    /// From the hash function's reference implementation.
    @Test(
        "XXH64 gives the published values",
        arguments: [
            ("", "ef46db3751d8e999"), ("a", "d24ec4f1a98c6e5b"), ("abc", "44bc2cf5ad770999"),
            ("abcd", "de0327b0d25d92cc"),
            ("Nobody inspects the spammish repetition", "fbcea83c8a378bf1"),
        ])
    func xxh64(text: String, expected: String) {
        #expect(XXH64.of(text) == expected)
    }

    /// FIPS 180-4's examples.
    @Test(
        "SHA-256 gives the published values",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ])
    func sha256(text: String, expected: String) {
        #expect(SHA256.of(text) == expected)
    }

    @Test("both give the same for bytes in pieces of any size as for all at once")
    func pieces() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        var whole = Digest(withSHA256: true)
        bytes.withUnsafeBytes { whole.update($0) }
        for size in [1, 3, 31, 32, 33, 63, 64, 65, 127, 999] {
            var digest = Digest(withSHA256: true)
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { digest.update($0) }
            }
            #expect(digest.xxh64.value == whole.xxh64.value, "\(size)")
            #expect(digest.sha256?.hexadecimalValue == whole.sha256?.hexadecimalValue, "\(size)")
        }
    }

    @Test("a million letters a: FIPS 180-4's long example")
    func long() {
        #expect(
            SHA256.of(String(repeating: "a", count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
}

extension XXH64 {
    static func of(_ text: String) -> String {
        var hash = XXH64()
        Array(text.utf8).withUnsafeBytes { hash.update($0) }
        return hash.hexadecimalValue
    }
}

extension SHA256 {
    static func of(_ text: String) -> String {
        var hash = SHA256()
        Array(text.utf8).withUnsafeBytes { hash.update($0) }
        return hash.hexadecimalValue
    }
}
