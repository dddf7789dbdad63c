import EmotionFormerCore
import EmotionFormerGraph

/// The constants of a file by their names in the program. A tensor that is used in several places is stored once.
final class ConstantStore {
    private struct Key: Hashable {
        var buffer: Int
        var type: TensorType
        var shape: [Int]
        var quantization: Quantization?
    }

    private struct BufferKey: Hashable {
        var buffer: Int
        var type: TensorType
    }

    private let file: TFLiteFile
    private var names = UniqueNames()
    private var nameOfConstant: [Key: String] = [:]
    private var contents: [BufferKey: Tensor] = [:]
    private var zeroBuffers: [Int: Bool] = [:]
    private var nameOfMatrix: [Key: String] = [:]
    /// The remaining budget for transposed copies, in bytes: no file needs more than its own size.
    private var copyBudget: Int
    private(set) var tensors: [String: StoredTensor] = [:]
    private var pages = PageSequence()
    /// Bytes of the file's large buffers that are not loaded yet.
    private var rest: Int

    init(_ file: TFLiteFile) {
        self.file = file
        copyBudget = file.bytes.count
        rest = file.buffers.map(\.range.count).filter { $0 >= MemoryBlock.mappedByteCount }.reduce(0, +)
    }

    /// The stored tensor's name for a constant of the file.
    /// - Throws: `notFinite` if an element is not a number, `unsupportedAttribute` for sparse or external data.
    func name(of tensor: TFLiteFile.Tensor, wish: String) throws(Fault) -> String {
        guard let type = tensor.type.elementType else {
            throw Fault(
                .elementTypeMismatch, at: "", "constants of this type are not supported", found: tensor.type.name)
        }
        guard !tensor.isSparse, !tensor.isExternal else {
            throw Fault(
                .unsupportedAttribute, at: "", "constants that are sparse or in another file are not supported")
        }
        let key = Key(
            buffer: tensor.buffer, type: tensor.type, shape: tensor.shape,
            quantization: ConstantStore.quantization(of: tensor)
        )
        if let name = nameOfConstant[key] { return name }
        let shared = BufferKey(buffer: tensor.buffer, type: tensor.type)
        let content: Tensor
        if let loaded = contents[shared] {
            content = loaded
        } else {
            content = try load(tensor, type)
            contents[shared] = content
        }
        let name = names.claim(wish, suffix: "\(tensors.count)")
        nameOfConstant[key] = name
        tensors[name] = StoredTensor(
            try content.reshaped(to: try Shape(tensor.shape)), quantization: key.quantization)
        return name
    }

    /// The stored tensor's name for the last two axes of an int8 constant, exchanged; the others have extent 1.
    /// - Throws: `limitExceeded` if the copies take more than the file, and what `name(of:wish:)` throws.
    func name(ofTransposed tensor: TFLiteFile.Tensor, wish: String) throws(Fault) -> String {
        let (rows, columns) = (tensor.shape[tensor.shape.count - 2], tensor.shape[tensor.shape.count - 1])
        var quantization = ConstantStore.quantization(of: tensor)
        if quantization?.axis != nil { quantization?.axis = 0 }
        let key = Key(buffer: tensor.buffer, type: tensor.type, shape: [columns, rows], quantization: quantization)
        if let name = nameOfMatrix[key] { return name }
        let source = try load(tensor, .int8)
        copyBudget -= source.byteCount
        guard copyBudget >= 0 else {
            throw Fault(.limitExceeded, at: "", "transposed copies of the constants take more than the file")
        }
        let transposed = Tensor(.int8, try Shape([columns, rows])) { target in
            source.withUnsafeBytes { bytes in
                for row in 0..<rows {
                    for column in 0..<columns { target[column * rows + row] = bytes[row * columns + column] }
                }
            }
        }
        let name = names.claim(wish, suffix: "\(tensors.count)")
        nameOfMatrix[key] = name
        tensors[name] = StoredTensor(transposed, quantization: quantization)
        return name
    }

    /// The stored tensor's name for a constant that is not the file's own.
    func name(ofLiteral tensor: Tensor, wish: String) -> String {
        let name = names.claim(wish, suffix: "\(tensors.count)")
        tensors[name] = StoredTensor(tensor)
        return name
    }

    /// Whether every byte of a buffer is zero.
    func isZero(buffer: Int) -> Bool {
        if let known = zeroBuffers[buffer] { return known }
        let isZero = file.bytes[file.buffers[buffer].range].allSatisfy { $0 == 0 }
        zeroBuffers[buffer] = isZero
        return isZero
    }

    /// The elements of a constant of integers or Booleans, or nil if it is of another type.
    func integers(of tensor: TFLiteFile.Tensor) throws(Fault) -> [Int]? {
        guard let type = tensor.type.elementType else { return nil }
        return try load(tensor, type).integers
    }

    /// The elements of a constant as `Double`.
    func doubles(of tensor: TFLiteFile.Tensor) throws(Fault) -> [Double] {
        guard let type = tensor.type.elementType else { return [] }
        return try load(tensor, type).doubles
    }

    /// The scale and zero point of a tensor of quantized numbers that has one of each; nil for others.
    static func valueQuantization(of tensor: TFLiteFile.Tensor) -> ValueQuantization? {
        guard let stored = quantization(of: tensor)?.single, stored.scale > 0, stored.scale.isFinite,
            let range = tensor.type.elementType?.quantizedRange, range.contains(stored.zeroPoint)
        else { return nil }
        return stored
    }

    /// The quantization of a constant; nil for types that have none.
    static func quantization(of tensor: TFLiteFile.Tensor) -> Quantization? {
        guard let stored = tensor.quantization, !stored.scales.isEmpty, tensor.type.elementType?.quantizedRange != nil
        else { return nil }
        let zeroPoints = (0..<stored.scales.count).map { index in
            stored.zeroPoints.isEmpty ? 0 : Int(clamping: stored.zeroPoints[min(index, stored.zeroPoints.count - 1)])
        }
        return Quantization(
            scales: stored.scales, zeroPoints: zeroPoints, axis: stored.scales.count > 1 ? stored.axis : nil)
    }

    /// Validation has checked that the number of bytes fits the shape and the type.
    private func load(_ tensor: TFLiteFile.Tensor, _ type: ElementType) throws(Fault) -> Tensor {
        let range = file.buffers[tensor.buffer].range
        let shape = try Shape(tensor.shape)
        guard let expected = tensor.type.byteCount(shape.elementCount), range.count == expected else {
            throw Fault(
                .sizeMismatch, at: "", "the constant's data do not fit its shape", found: "\(range.count) bytes",
                expected: tensor.type.byteCount(shape.elementCount).map { "\($0)" })
        }
        if tensor.type == .int4 { return unpacked(range, shape) }
        let region = pages.region(for: range.count, rest: rest)
        if range.count >= MemoryBlock.mappedByteCount { rest -= range.count }
        return try Tensor(type, shape, in: region) { destination throws(Fault) in
            guard !copy(range, of: type, to: destination) else {
                throw Fault(
                    .notFinite, at: "",
                    "the constant holds an element that is not a number, as functions for training have them: convert the "
                        + "function for inference alone")
            }
        }
    }

    /// Bytes that are copied and looked at while they are in the processor's cache.
    private static let pieceByteCount = 64 << 10

    /// Copies a part of the file. A Boolean is one byte, 0 or 1, in a tensor; in a file it may be any byte.
    /// - Returns: whether an element is NaN.
    private func copy(
        _ range: Range<Int>, of type: ElementType, to destination: UnsafeMutableRawBufferPointer
    ) -> Bool {
        file.bytes.withUnsafeBytes { bytes in
            var holdsNaN = false
            for start in stride(from: 0, to: range.count, by: ConstantStore.pieceByteCount) {
                let end = min(start + ConstantStore.pieceByteCount, range.count)
                let piece = UnsafeMutableRawBufferPointer(rebasing: destination[start..<end])
                piece.copyMemory(
                    from: UnsafeRawBufferPointer(
                        rebasing: bytes[range.lowerBound + start..<range.lowerBound + end]))
                switch type {
                case .bool: for index in piece.indices where piece[index] != 0 { piece[index] = 1 }
                case .float32: holdsNaN = holdsNaN || ConstantStore.holdsNaN(piece.bindMemory(to: UInt32.self))
                case .float16: holdsNaN = holdsNaN || ConstantStore.holdsNaN(piece.bindMemory(to: UInt16.self))
                default: break
                }
            }
            return holdsNaN
        }
    }

    /// The loops have no branch, so that the compiler can vectorize them: the difference wraps around, into the sign
    /// bit, if the magnitude's bits are above those of infinity.
    private static func holdsNaN(_ words: UnsafeMutableBufferPointer<UInt32>) -> Bool {
        var union: UInt32 = 0
        for index in words.indices { union |= 0x7F80_0000 &- (words[index] & 0x7FFF_FFFF) }
        return union & 0x8000_0000 != 0
    }

    private static func holdsNaN(_ words: UnsafeMutableBufferPointer<UInt16>) -> Bool {
        var union: UInt16 = 0
        for index in words.indices { union |= 0x7C00 &- (words[index] & 0x7FFF) }
        return union & 0x8000 != 0
    }

    /// 4-bit numbers of two's complement as int8; the last byte may hold only one.
    private func unpacked(_ range: Range<Int>, _ shape: Shape) -> Tensor {
        Tensor(.int8, shape) { destination in
            let numbers = destination.bindMemory(to: Int8.self)
            for index in numbers.indices {
                let byte = file.bytes[range.lowerBound + index / 2]
                let bits = Int8(bitPattern: index % 2 == 0 ? byte << 4 : byte & 0xF0)
                numbers[index] = bits >> 4
            }
        }
    }
}
