/// The checksums of a file that is read in pieces.
package struct Digest {
    package private(set) var xxh64 = XXH64()
    package private(set) var sha256: SHA256?

    package init(withSHA256: Bool) { sha256 = withSHA256 ? SHA256() : nil }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        xxh64.update(bytes)
        sha256?.update(bytes)
    }
}
