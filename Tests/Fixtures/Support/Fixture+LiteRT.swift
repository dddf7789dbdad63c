package import EmotionFormerCore
import Foundation

extension Fixture {
    /// What LiteRT computes from one set of inputs.
    package struct Run {
        package var inputs: [Tensor]
        /// By LiteRT's reference kernels.
        package var reference: [Tensor]
        /// By its default kernels (XNNPACK).
        package var xnnpack: [Tensor]
    }

    private struct Index: Decodable {
        struct Case: Decodable {
            var inputs: Int
            var outputs: Int
            var runs: Int
            /// Whether the default kernels give other numbers.
            var xnnpack: Bool
        }

        var cases: [String: Case]
    }

    package struct Unreadable: Error {
        package var reason: String
    }

    private static func index() throws -> Index {
        try JSONDecoder().decode(Index.self, from: try Data(contentsOf: folder.appendingPathComponent("index.json")))
    }

    package static func indexedNames() throws -> [String] { try index().cases.keys.sorted() }

    package static func runs(_ name: String) throws -> [Run] {
        guard let entry = try index().cases[name] else { throw Unreadable(reason: "\(name) is not in index.json") }
        var arrays = ArrayReader(bytes: [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).npys"))))
        return try (0..<entry.runs).map { _ in
            let inputs = try (0..<entry.inputs).map { _ in try arrays.next() }
            let reference = try (0..<entry.outputs).map { _ in try arrays.next() }
            let xnnpack = entry.xnnpack ? try (0..<entry.outputs).map { _ in try arrays.next() } : reference
            return Run(inputs: inputs, reference: reference, xnnpack: xnnpack)
        }
    }
}

/// Arrays in NumPy's format, one after the other.
package struct ArrayReader {
    private let bytes: [UInt8]
    private var position = 0

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: `Fixture.Unreadable` unless a whole array of a known type begins here.
    package mutating func next() throws -> Tensor {
        guard position + 10 <= bytes.count, bytes[position] == 0x93 else {
            throw Fixture.Unreadable(reason: "no array at byte \(position)")
        }
        let headerByteCount = Int(bytes[position + 8]) | Int(bytes[position + 9]) << 8
        let start = position + 10 + headerByteCount
        let header = String(decoding: bytes[position + 10..<start], as: UTF8.self)
        let types: [(String, ElementType)] = [
            ("'<f4'", .float32), ("'<i4'", .int32), ("'<i8'", .int64), ("'|b1'", .bool), ("'|i1'", .int8),
            ("'|u1'", .uint8), ("'<i2'", .int16),
        ]
        guard let type = types.first(where: { header.contains($0.0) })?.1, header.contains("'fortran_order': False"),
            let open = header.lastIndex(of: "("), let close = header.lastIndex(of: ")")
        else { throw Fixture.Unreadable(reason: "header \(header)") }
        let extents = header[header.index(after: open)..<close].split(separator: ",")
            .compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        let shape = try Shape(extents)
        let end = start + shape.elementCount * type.byteCount
        guard end <= bytes.count else { throw Fixture.Unreadable(reason: "the array ends early") }
        let content = bytes[start..<end]
        position = end
        return Tensor(type, shape) { destination in content.withUnsafeBytes { destination.copyMemory(from: $0) } }
    }
}
