/// A hash that is computed from blocks of a fixed size, of data that arrives in pieces of any size.
protocol BlockHash {
    /// The size of a block in bytes, a power of 2.
    static var blockByteCount: Int { get }

    /// The number of all bytes so far.
    var byteCount: UInt64 { get set }
    /// The last bytes, fewer than a block.
    var rest: [UInt8] { get set }

    /// Takes whole blocks.
    mutating func blocks(_ bytes: UnsafeRawBufferPointer)
}

extension BlockHash {
    /// Takes the next bytes, and passes on what makes whole blocks.
    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        byteCount &+= UInt64(bytes.count)
        var bytes = bytes
        if !rest.isEmpty {
            let missing = min(Self.blockByteCount - rest.count, bytes.count)
            rest += bytes.prefix(missing)
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(missing))
            guard rest.count == Self.blockByteCount else { return }
            let block = rest
            rest.removeAll(keepingCapacity: true)
            block.withUnsafeBytes { blocks($0) }
        }
        let whole = bytes.count & ~(Self.blockByteCount - 1)
        blocks(UnsafeRawBufferPointer(rebasing: bytes.prefix(whole)))
        rest += bytes.dropFirst(whole)
    }
}
