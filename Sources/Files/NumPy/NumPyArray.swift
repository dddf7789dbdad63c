package import EmotionFormerCore

/// A numeric array in NumPy's `npy` format, version 1, 2 or 3 (NumPy Enhancement Proposal 1).
package struct NumPyArray {
    package let shape: Shape
    private let header: NumPyHeader
    private let element: (kind: NumPyHeader.ElementKind, bigEndian: Bool)
    /// The bytes of the elements, exactly as many as the shape and the type require.
    private let payload: ArraySlice<UInt8>

    /// - Throws: malformed for a malformed header or a type that is not numeric, `sizeOverflow`, `sizeMismatch` if the
    ///   elements do not fill the file exactly.
    package init(_ bytes: ArraySlice<UInt8>) throws(FileFormatError) {
        header = try NumPyHeader(bytes)
        shape = try header.shape()
        payload = bytes.dropFirst(header.byteCount)
        element = try header.element()
        let size = try header.elementBytes()
        guard size == payload.count else {
            throw FileFormatError(
                .sizeMismatch, at: "array \(shape)",
                payload.count < size ?? .max ? "the file is cut short" : "bytes follow the array",
                found: "\(payload.count) bytes of elements", expected: size.map { "\($0)" } ?? "more")
        }
    }

    /// The elements in C order (last axis fastest), whatever the file's order and type.
    package func floats() -> [Float] { floats(0..<shape.elementCount) }

    /// Some of the elements, by their place in C order.
    package func floats(_ range: Range<Int>) -> [Float] {
        let (kind, bigEndian) = element
        return payload.withUnsafeBytes { bytes in
            let reader = ElementReader(
                bytes: bytes, range: range, fortranShape: header.isFortranOrder ? shape : nil, bigEndian: bigEndian)
            return switch kind {
            case .float16: reader.read(UInt16.self) { Float(halfBits: $0) }
            case .float32: reader.read(UInt32.self) { Float(bitPattern: $0) }
            case .float64: reader.read(UInt64.self) { Float(Double(bitPattern: $0)) }
            case .int8: reader.read(Int8.self) { Float($0) }
            case .int16: reader.read(Int16.self) { Float($0) }
            case .int32: reader.read(Int32.self) { Float($0) }
            case .int64: reader.read(Int64.self) { Float($0) }
            case .uint8: reader.read(UInt8.self) { Float($0) }
            case .uint16: reader.read(UInt16.self) { Float($0) }
            case .uint32: reader.read(UInt32.self) { Float($0) }
            case .uint64: reader.read(UInt64.self) { Float($0) }
            }
        }
    }
}

/// Iterates over an array in C order (last axis fastest) and gives the index of each element in Fortran order (first
/// axis fastest).
private struct FortranWalk {
    private let shape: Shape
    private let strides: [Int]
    private var index: [Int]
    private(set) var offset = 0

    /// - Parameter start: an element's place in C order.
    init(_ shape: Shape, from start: Int) {
        self.shape = shape
        var strides = [Int](repeating: 1, count: shape.rank)
        for axis in 1..<max(shape.rank, 1) { strides[axis] = strides[axis - 1] &* shape[axis - 1] }
        self.strides = strides
        index = [Int](repeating: 0, count: shape.rank)
        var rest = start
        for axis in (0..<shape.rank).reversed() where shape[axis] > 0 {
            index[axis] = rest % shape[axis]
            rest /= shape[axis]
            offset += index[axis] &* strides[axis]
        }
    }

    mutating func next() {
        var axis = shape.rank - 1
        while axis >= 0 {
            index[axis] &+= 1
            offset &+= strides[axis]
            if index[axis] < shape[axis] { break }
            offset &-= strides[axis] &* index[axis]
            index[axis] = 0
            axis -= 1
        }
    }
}

/// Reads fixed-width elements from unaligned bytes.
private struct ElementReader {
    let bytes: UnsafeRawBufferPointer
    /// The range of elements, in C order.
    let range: Range<Int>
    /// The array's shape if its bytes are in Fortran order.
    let fortranShape: Shape?
    let bigEndian: Bool

    @inline(__always)
    func read<Bits: FixedWidthInteger & BitwiseCopyable>(
        _ type: Bits.Type, _ convert: (Bits) -> Float
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: range.count) { result, initialized in
            guard var target = result.baseAddress else { return }
            func take(_ index: Int) {
                let bits = bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
                target.initialize(to: convert(bigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)))
                target += 1
            }
            if let fortranShape {
                var walk = FortranWalk(fortranShape, from: range.lowerBound)
                for _ in range {
                    take(walk.offset)
                    walk.next()
                }
            } else {
                for index in range { take(index) }
            }
            initialized = range.count
        }
    }
}
