/// Text as bytes.
package enum Text {
    /// The bytes after a byte order mark, which is not part of the text.
    package static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }
}
