import EmotionFormerCore

/// Reads a FlatBuffers file without trusting it: every offset is checked against the file's size.
///
/// Nothing is assumed about alignment. FlatBuffers may share tables and vectors, so a small file can describe an
/// enormous tree. Each table and vector that is read is therefore charged to a budget that is proportional to the
/// file's size.
final class FlatBufferReader {
    let bytes: [UInt8]
    private var budget: Int
    /// Tensors and operators that were announced so far.
    private var counts: [Limits.Name: Int] = [:]
    private let limits: Limits

    init(_ bytes: [UInt8], limits: Limits = Limits()) {
        self.limits = limits
        self.bytes = bytes
        // A file without sharing spends about once its size on vectors and twice on tables.
        budget = bytes.count.multipliedReportingOverflow(by: 4).partialValue &+ 4096
    }

    /// Charges `byteCount` bytes to the budget.
    /// - Throws: `limitExceeded` if far more was read than the file's size.
    func spend(_ byteCount: Int, at offset: Int) throws(Fault) {
        budget -= byteCount
        guard budget >= 0 else {
            throw Fault(
                .limitExceeded, at: place(offset),
                "tables or vectors are shared so often that they describe far more "
                    + "than the file's \(bytes.count) bytes")
        }
    }

    /// Counts items that a file announces, before memory is used for them.
    /// - Throws: `limitExceeded` if the total exceeds the limit.
    func count(_ name: Limits.Name, _ number: Int) throws(Fault) {
        counts[name, default: 0] += number
        try limits.check(name, counts[name, default: 0], "the file has too many \(name.rawValue)")
    }

    /// The little-endian number at `offset`.
    func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, at offset: Int
    ) throws(Fault) -> Number {
        try check(offset, byteCount: MemoryLayout<Number>.size)
        return bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }

    /// Where the unsigned 32-bit offset stored at `offset` points to; it counts from its own position.
    func target(ofOffsetAt offset: Int) throws(Fault) -> Int {
        let distance = try number(UInt32.self, at: offset)
        guard distance != 0, let distance = Int(exactly: distance), distance < bytes.count - offset else {
            throw Fault(
                .outOfBounds, at: place(offset), "an offset points outside the file", found: "\(distance)",
                expected: "1..<\(bytes.count - offset)")
        }
        return offset + distance
    }

    /// - Throws: `outOfBounds` unless `byteCount` bytes at `offset` lie inside the file.
    func check(_ offset: Int, byteCount: Int) throws(Fault) {
        guard offset >= 0, byteCount >= 0, byteCount <= bytes.count, offset <= bytes.count - byteCount else {
            throw Fault(
                .outOfBounds, at: place(offset), "the file ends too early",
                found: "\(bytes.count) bytes", expected: "\(byteCount) bytes at \(offset)")
        }
    }

    func table(at position: Int) throws(Fault) -> FlatBufferTable { try FlatBufferTable(reader: self, at: position) }

    func vector(at position: Int, elementByteCount: Int) throws(Fault) -> FlatBufferVector {
        try FlatBufferVector(reader: self, at: position, elementByteCount: elementByteCount)
    }

    func place(_ offset: Int) -> String { "byte \(offset)" }
}

/// A vector whose elements all lie inside the file.
struct FlatBufferVector {
    let reader: FlatBufferReader
    let count: Int
    let elementByteCount: Int
    private let start: Int

    init(reader: FlatBufferReader, at position: Int, elementByteCount: Int) throws(Fault) {
        let stated = try reader.number(UInt32.self, at: position)
        guard let count = Int(exactly: stated), count <= (reader.bytes.count - position - 4) / elementByteCount else {
            throw Fault(
                .outOfBounds, at: reader.place(position), "a vector reaches beyond the end of the file",
                found: "\(stated) elements",
                expected: "at most \((reader.bytes.count - position - 4) / elementByteCount)")
        }
        try reader.spend(count * elementByteCount, at: position)
        self.reader = reader
        self.count = count
        self.elementByteCount = elementByteCount
        start = position + 4
    }

    /// The bytes of all elements, as a range of the file.
    var byteRange: Range<Int> { start..<start + count * elementByteCount }

    /// The elements of a vector of numbers.
    func numbers<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> [Number] {
        reader.bytes.withUnsafeBytes { bytes in
            (0..<count).map {
                Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start + $0 * elementByteCount, as: type))
            }
        }
    }

    /// The tables that a vector of offsets points to.
    func tables() throws(Fault) -> [FlatBufferTable] {
        var result: [FlatBufferTable] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            let position = try reader.target(ofOffsetAt: start + index * elementByteCount)
            result.append(try reader.table(at: position))
        }
        return result
    }
}
