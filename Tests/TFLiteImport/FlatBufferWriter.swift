/// Writes FlatBuffers field by field, also such as no library would write.
struct FlatBufferWriter {
    struct Table {
        var fields: [Int: Field]

        init(_ fields: [Int: Field] = [:]) { self.fields = fields }
    }

    indirect enum Field {
        case int8(Int8)
        case uint8(UInt8)
        case int32(Int32)
        case uint32(UInt32)
        case uint64(UInt64)
        case float(Float)
        case table(Table)
        case tables([Table])
        /// One table to which every entry of the vector points.
        case shared(Table, count: Int)
        case bytes([UInt8])
        case int32s([Int32])
        case int64s([Int64])
        case floats([Float])
        /// An offset, as it is.
        case offset(UInt32)
        /// A vector that claims to have so many elements and has none.
        case claimedCount(UInt32)

        static func string(_ text: String) -> Field { .bytes(Array(text.utf8)) }
    }

    private(set) var bytes: [UInt8] = []

    /// A whole file: the root's offset, the identifier, the root table.
    static func file(_ root: Table, identifier: String = "TFL3") -> [UInt8] {
        var writer = FlatBufferWriter()
        writer.append(0 as UInt32)
        writer.bytes += Array(identifier.utf8)
        let position = writer.write(root)
        writer.patch(at: 0, to: position)
        return writer.bytes
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes += Array($0) }
    }

    /// Makes the offset at `position` point to `target`.
    private mutating func patch(at position: Int, to target: Int) {
        let distance = UInt32(target - position)
        for byte in 0..<4 { bytes[position + byte] = UInt8(truncatingIfNeeded: distance >> (8 * UInt32(byte))) }
    }

    private static func byteCount(_ field: Field) -> Int {
        switch field {
        case .int8, .uint8: 1
        case .uint64: 8
        default: 4
        }
    }

    /// Writes a table and what it points to; gives the table's position.
    private mutating func write(_ table: Table) -> Int {
        let slots = (table.fields.keys.max() ?? -1) + 1
        let vtable = bytes.count
        let objectByteCount = 4 + table.fields.values.map(FlatBufferWriter.byteCount).reduce(0, +)
        append(UInt16(4 + 2 * slots))
        append(UInt16(objectByteCount))
        var offset = 4
        for slot in 0..<slots {
            append(table.fields[slot] == nil ? 0 as UInt16 : UInt16(offset))
            offset += table.fields[slot].map(FlatBufferWriter.byteCount) ?? 0
        }
        let position = bytes.count
        append(Int32(position - vtable))
        var children: [(position: Int, field: Field)] = []
        for slot in 0..<slots {
            guard let field = table.fields[slot] else { continue }
            switch field {
            case .int8(let number): append(number)
            case .uint8(let number): append(number)
            case .int32(let number): append(number)
            case .uint32(let number), .offset(let number): append(number)
            case .uint64(let number): append(number)
            case .float(let number): append(number.bitPattern)
            default:
                children.append((bytes.count, field))
                append(0 as UInt32)
            }
        }
        for child in children { patch(at: child.position, to: write(child.field)) }
        return position
    }

    /// Writes what an offset points to; gives its position.
    private mutating func write(_ field: Field) -> Int {
        let position = bytes.count
        switch field {
        case .table(let table): return write(table)
        case .tables(let tables):
            append(UInt32(tables.count))
            for _ in tables { append(0 as UInt32) }
            for (index, table) in tables.enumerated() { patch(at: position + 4 + 4 * index, to: write(table)) }
        case .shared(let table, let count):
            append(UInt32(count))
            for _ in 0..<count { append(0 as UInt32) }
            let target = write(table)
            for index in 0..<count { patch(at: position + 4 + 4 * index, to: target) }
        case .bytes(let elements):
            append(UInt32(elements.count))
            bytes += elements
        case .int32s(let elements):
            append(UInt32(elements.count))
            for element in elements { append(element) }
        case .int64s(let elements):
            append(UInt32(elements.count))
            for element in elements { append(element) }
        case .floats(let elements):
            append(UInt32(elements.count))
            for element in elements { append(element.bitPattern) }
        case .claimedCount(let count): append(count)
        default: break
        }
        return position
    }
}
