extension Tensor {
    /// Every element as a `Double` (a Boolean as 0 or 1), whatever the type: for tests, shape arithmetic and reports.
    ///
    /// An int64 beyond 2⁵³ rounds.
    package var doubles: [Double] {
        withUnsafeBytes { bytes in
            switch elementType {
            case .float32: bytes.bindMemory(to: Float.self).map(Double.init)
            case .float16: bytes.bindMemory(to: UInt16.self).map { Double(Float(halfBits: $0)) }
            case .int8: bytes.bindMemory(to: Int8.self).map(Double.init)
            case .uint8: bytes.bindMemory(to: UInt8.self).map(Double.init)
            case .int16: bytes.bindMemory(to: Int16.self).map(Double.init)
            case .int32: bytes.bindMemory(to: Int32.self).map(Double.init)
            case .int64: bytes.bindMemory(to: Int64.self).map(Double.init)
            case .bool: bytes.map { $0 == 0 ? 0 : 1 }
            }
        }
    }

    /// Every element as an `Int`, for integer and Boolean tensors; nil for the others.
    package var integers: [Int]? {
        withUnsafeBytes { bytes in
            switch elementType {
            case .float32, .float16: nil
            case .int8: bytes.bindMemory(to: Int8.self).map(Int.init)
            case .uint8: bytes.bindMemory(to: UInt8.self).map(Int.init)
            case .int16: bytes.bindMemory(to: Int16.self).map(Int.init)
            case .int32: bytes.bindMemory(to: Int32.self).map(Int.init)
            case .int64: bytes.bindMemory(to: Int64.self).map { Int($0) }
            case .bool: bytes.map { $0 == 0 ? 0 : 1 }
            }
        }
    }
}

extension Float {
    /// The value of an IEEE 754 half-precision number. `Float16` is not available on every platform that we build for.
    package init(halfBits bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0: self = Float(sign: sign == 0 ? .plus : .minus, exponent: -24, significand: Float(fraction))
        case 0x1F: self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
