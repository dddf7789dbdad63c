import EmotionFormer
import EmotionFormerCore

/// Inputs of any shape and type, the same in every run: numbers in −1 ..< 1, all values of 8-bit integers, and 0 or 1 for
/// larger integers, which are often indices.
struct RandomInputs {
    private var generator = SplitMix(state: 7)

    mutating func tensor(_ type: ModelTensor.ElementType, _ shape: Shape) -> Tensor {
        let elementType = ElementType(rawValue: type.rawValue) ?? .float32
        return Tensor(elementType, shape) { bytes in fill(bytes, type) }
    }

    mutating func fill(_ bytes: UnsafeMutableRawBufferPointer, _ type: ModelTensor.ElementType) {
        switch type {
        case .float32: fill(bytes.bindMemory(to: Float.self)) { $0 }
        case .float16: fill(bytes.bindMemory(to: UInt16.self)) { UInt16($0 < 0 ? 0xB800 : 0x3800) }
        case .int8, .uint8: fill(bytes.bindMemory(to: UInt8.self)) { UInt8(Int(($0 + 1) * 128)) }
        case .int16: fill(bytes.bindMemory(to: Int16.self)) { Int16($0 * 32767) }
        case .int32: fill(bytes.bindMemory(to: Int32.self)) { $0 < 0 ? 0 : 1 }
        case .int64: fill(bytes.bindMemory(to: Int64.self)) { $0 < 0 ? 0 : 1 }
        case .bool: fill(bytes.bindMemory(to: UInt8.self)) { $0 < 0 ? 0 : 1 }
        }
    }

    private mutating func fill<Element>(
        _ elements: UnsafeMutableBufferPointer<Element>, _ convert: (Float) -> Element
    ) {
        for index in elements.indices { elements[index] = convert(generator.next()) }
    }
}
