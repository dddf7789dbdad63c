package import EmotionFormerCore
package import EmotionFormerGraph

/// A value of a graph with its elements in double precision, row-major; a Boolean is 0 or 1.
package struct ReferenceValue: Sendable {
    package var type: ValueType
    package var elements: [Double]
    /// Not nil if integers represent real numbers.
    package var quantization: Quantization?

    /// - Throws: `shapeMismatch` if there are more or fewer elements than the shape has, `outOfBounds` if an integer
    ///   type cannot represent an element, or an int64 is beyond ±2⁵³.
    package init(_ type: ValueType, _ elements: [Double], quantization: Quantization? = nil) throws(Fault) {
        guard elements.count == type.shape.elementCount else {
            throw Fault(
                .shapeMismatch, at: "value", "the number of elements does not fit", found: "\(elements.count)",
                expected: "\(type)")
        }
        self.type = type
        self.elements = elements
        self.quantization = quantization
        try checkIntegers()
    }

    /// - Throws: `outOfBounds` for an int64 beyond ±2⁵³, which a double cannot represent.
    package init(_ stored: StoredTensor) throws(Fault) {
        type = ValueType(stored.tensor.elementType, stored.tensor.shape)
        elements = stored.tensor.doubles
        quantization = stored.quantization
        try checkIntegers()
    }

    package var shape: Shape { type.shape }

    /// - Throws: `outOfBounds` if the type cannot represent an element, or a double cannot represent an int64.
    private func checkIntegers() throws(Fault) {
        let range: ClosedRange<Double>
        switch type.elementType {
        case .float32, .float16: return
        case .bool: range = 0...1
        case .int8: range = -128...127
        case .uint8: range = 0...255
        case .int16: range = -32768...32767
        case .int32: range = Double(Int32.min)...Double(Int32.max)
        case .int64: range = -0x1p53...0x1p53
        }
        // NaN is in no range.
        guard let wrong = elements.first(where: { !range.contains($0) || $0 != $0.rounded() }) else { return }
        throw Fault(
            .outOfBounds, at: "value", "the reference does not hold the number as \(type.elementType.rawValue)",
            found: "\(wrong)")
    }

    /// The elements in their own type; floating-point numbers round.
    package var tensor: Tensor {
        func integers<Integer: FixedWidthInteger>(_ bytes: UnsafeMutableRawBufferPointer, _: Integer.Type) {
            let target = bytes.bindMemory(to: Integer.self)
            for (index, element) in elements.enumerated() {
                target[index] = Integer(truncatingIfNeeded: Int(exactly: element) ?? 0)
            }
        }
        return Tensor(type.elementType, type.shape) { bytes in
            switch type.elementType {
            case .float32:
                let target = bytes.bindMemory(to: Float.self)
                for (index, element) in elements.enumerated() { target[index] = Float(element) }
            case .float16:
                let target = bytes.bindMemory(to: UInt16.self)
                for (index, element) in elements.enumerated() { target[index] = Float(element).halfBits }
            case .int8: integers(bytes, Int8.self)
            case .uint8, .bool: integers(bytes, UInt8.self)
            case .int16: integers(bytes, Int16.self)
            case .int32: integers(bytes, Int32.self)
            case .int64: integers(bytes, Int64.self)
            }
        }
    }
}

extension Float {
    /// The nearest IEEE 754 half-precision number, ties to even.
    var halfBits: UInt16 {
        let sign = UInt16(truncatingIfNeeded: bitPattern >> 16) & 0x8000
        if isNaN { return sign | 0x7E00 }
        if magnitude >= 65520 { return sign | 0x7C00 }
        if magnitude < 0x1p-14 { return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven)) }
        let bits = magnitude.bitPattern
        let rounded = bits + 0xFFF + (bits >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded >> 13) - (112 << 10))
    }
}
