import EmotionFormerCore

/// A table of a FlatBuffers file. Fields are named by their index in the schema, from 0.
///
/// Law: the table's object and its vtable lie inside the file.
struct FlatBufferTable {
    let reader: FlatBufferReader
    private let position: Int
    private let objectByteCount: Int
    private let vtable: Int
    private let vtableByteCount: Int

    init(reader: FlatBufferReader, at position: Int) throws(Fault) {
        let distance = try reader.number(Int32.self, at: position)
        let vtable = position - Int(distance)
        try reader.check(vtable, byteCount: 4)
        let vtableByteCount = Int(try reader.number(UInt16.self, at: vtable))
        let objectByteCount = Int(try reader.number(UInt16.self, at: vtable + 2))
        guard vtableByteCount >= 4, vtableByteCount.isMultiple(of: 2), objectByteCount >= 4 else {
            throw Fault(
                .malformedTFLite, at: reader.place(vtable), "a table's description is malformed",
                found: "sizes \(vtableByteCount) and \(objectByteCount)", expected: "an even size and at least 4")
        }
        try reader.check(vtable, byteCount: vtableByteCount)
        try reader.check(position, byteCount: objectByteCount)
        try reader.spend(16 + objectByteCount, at: position)
        self.reader = reader
        self.position = position
        self.objectByteCount = objectByteCount
        self.vtable = vtable
        self.vtableByteCount = vtableByteCount
    }

    /// Where a field of `byteCount` bytes is stored, or nil if the file leaves it at its default.
    private func field(_ index: Int, byteCount: Int) throws(Fault) -> Int? {
        let entry = 4 + 2 * index
        guard entry + 2 <= vtableByteCount else { return nil }
        let offset = Int(try reader.number(UInt16.self, at: vtable + entry))
        guard offset != 0 else { return nil }
        guard offset >= 4, offset + byteCount <= objectByteCount else {
            throw Fault(
                .outOfBounds, at: reader.place(position), "field \(index) lies outside its table",
                found: "\(byteCount) bytes at \(offset)", expected: "4..<\(objectByteCount)")
        }
        return position + offset
    }

    func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ index: Int, default value: Number
    ) throws(Fault) -> Number {
        guard let offset = try field(index, byteCount: MemoryLayout<Number>.size) else { return value }
        return try reader.number(Number.self, at: offset)
    }

    func float(_ index: Int, default value: Float = 0) throws(Fault) -> Float {
        guard let offset = try field(index, byteCount: 4) else { return value }
        return Float(bitPattern: try reader.number(UInt32.self, at: offset))
    }

    func flag(_ index: Int, default value: Bool = false) throws(Fault) -> Bool {
        try number(index, default: value ? 1 as UInt8 : 0) != 0
    }

    func table(_ index: Int) throws(Fault) -> FlatBufferTable? {
        guard let offset = try field(index, byteCount: 4) else { return nil }
        return try reader.table(at: try reader.target(ofOffsetAt: offset))
    }

    func vector(_ index: Int, elementByteCount: Int) throws(Fault) -> FlatBufferVector? {
        guard let offset = try field(index, byteCount: 4) else { return nil }
        return try reader.vector(at: try reader.target(ofOffsetAt: offset), elementByteCount: elementByteCount)
    }

    /// The tables of a vector of tables; empty if the field is absent.
    func tables(_ index: Int) throws(Fault) -> [FlatBufferTable] {
        try vector(index, elementByteCount: 4)?.tables() ?? []
    }

    /// The numbers of a vector of numbers, or nil if the field is absent.
    func numbers<Number: FixedWidthInteger & BitwiseCopyable>(
        _ index: Int, as type: Number.Type
    ) throws(Fault) -> [Number]? {
        try vector(index, elementByteCount: MemoryLayout<Number>.size)?.numbers(type)
    }

    /// A text; bytes that are not UTF-8 are replaced.
    func string(_ index: Int) throws(Fault) -> String? {
        guard let vector = try vector(index, elementByteCount: 1) else { return nil }
        return String(decoding: reader.bytes[vector.byteRange], as: UTF8.self)
    }
}
