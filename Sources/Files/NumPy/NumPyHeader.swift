package import EmotionFormerCore

/// The header of an `npy` file: `{'descr': '<f4', 'fortran_order': False, 'shape': (300, 478), }`.
package struct NumPyHeader {
    package let descriptor: String
    package let isFortranOrder: Bool
    package let extents: [Int]
    /// Bytes before the first element.
    package let byteCount: Int

    /// The most bytes of a header; those of clips have 118.
    private static let limit = 0xFFFF
    /// Enough bytes for any header.
    package static let maximumByteCount = 12 + limit

    enum ElementKind {
        case float16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64

        var byteCount: Int {
            switch self {
            case .int8, .uint8: 1
            case .float16, .int16, .uint16: 2
            case .float32, .int32, .uint32: 4
            case .float64, .int64, .uint64: 8
            }
        }
    }

    /// - Throws: malformed, `unsupportedVersion`.
    package init(_ bytes: ArraySlice<UInt8>) throws(FileFormatError) {
        let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
        guard bytes.starts(with: magic), bytes.count >= 8 else {
            throw FileFormatError(
                at: "", bytes.isEmpty ? "the file is empty" : "this is not a NumPy array",
                expected: "a file that begins with \\x93NUMPY")
        }
        let start = bytes.startIndex
        let version = bytes[start + 6]
        guard (1...3).contains(version) else {
            throw FileFormatError(
                .unsupportedVersion, at: "header", "the version of the NumPy format is unknown",
                found: "\(version).\(bytes[start + 7])", expected: "1.0, 2.0 or 3.0")
        }
        let lengthBytes = version == 1 ? 2 : 4
        guard bytes.count >= 8 + lengthBytes else {
            throw FileFormatError(at: "header", "the file is cut short", found: "\(bytes.count) bytes")
        }
        var length = 0
        for index in (0..<lengthBytes).reversed() { length = length << 8 | Int(bytes[start + 8 + index]) }
        guard length <= NumPyHeader.limit else {
            throw FileFormatError(
                .limitExceeded, at: "header", "the header is too long", found: "\(length) bytes",
                expected: "at most \(NumPyHeader.limit)")
        }
        byteCount = 8 + lengthBytes + length
        guard bytes.count >= byteCount else {
            throw FileFormatError(
                at: "header", "the file is cut short", found: "\(bytes.count) bytes",
                expected: "a header of \(byteCount)")
        }
        var parser = PythonLiteral(bytes[start + 8 + lengthBytes..<start + byteCount])
        let fields = try parser.dictionary()
        guard Set(fields.keys) == ["descr", "fortran_order", "shape"],
            case .string(let descriptor)? = fields["descr"], case .boolean(let order)? = fields["fortran_order"],
            case .tuple(let extents)? = fields["shape"]
        else {
            throw FileFormatError(
                at: "header", "the header does not describe a plain array",
                found: fields.keys.sorted().joined(separator: ", "), expected: "descr, fortran_order, shape")
        }
        self.descriptor = descriptor
        isFortranOrder = order
        self.extents = extents
    }

    /// A header of version 1, as NumPy writes it: magic, version, length and text fill a multiple of 64 bytes.
    package static func bytes(descriptor: String, extents: [Int]) -> [UInt8] {
        let shape = extents.map { "\($0)," }.joined(separator: " ")
        var header = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(shape)), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let length = header.utf8.count
        var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0]
        bytes += [UInt8(length & 0xFF), UInt8(length >> 8 & 0xFF)]
        bytes.append(contentsOf: header.utf8)
        return bytes
    }

    /// - Throws: `sizeOverflow` if the number of elements overflows.
    package func shape() throws(FileFormatError) -> Shape {
        do throws(Fault) { return try Shape(extents) } catch { throw FileFormatError(error.within("header")) }
    }

    /// Bytes of all elements; nil if they are more than can be counted.
    /// - Throws: like `shape` and `element`.
    package func elementBytes() throws(FileFormatError) -> Int? {
        let (size, overflow) = try shape().elementCount.multipliedReportingOverflow(by: element().kind.byteCount)
        return overflow ? nil : size
    }

    /// The type and byte order that `descriptor` names: `<f4`, `>f8`, `|u1`, ….
    /// - Throws: malformed for types that are not real numbers.
    func element() throws(FileFormatError) -> (kind: ElementKind, bigEndian: Bool) {
        guard let order = descriptor.first, let kind = ElementKind(descriptor.dropFirst()), "<>=|".contains(order)
        else {
            throw FileFormatError(
                at: "header",
                descriptor.hasSuffix("O")
                    ? "the array holds pickled Python objects, which are never read"
                    : "the array's element type is not a real number",
                found: descriptor, expected: "f2, f4, f8, i1…i8 or u1…u8")
        }
        return (kind, order == ">")
    }
}

extension NumPyHeader.ElementKind {
    fileprivate init?(_ name: Substring) {
        switch name {
        case "f2": self = .float16
        case "f4": self = .float32
        case "f8": self = .float64
        case "i1": self = .int8
        case "i2": self = .int16
        case "i4": self = .int32
        case "i8": self = .int64
        case "u1": self = .uint8
        case "u2": self = .uint16
        case "u4": self = .uint32
        case "u8": self = .uint64
        default: return nil
        }
    }
}
