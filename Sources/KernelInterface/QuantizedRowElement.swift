/// How a level keeps the values of quantized rows, which are 0…255.
package enum QuantizedRowElement: Sendable {
    /// In a byte.
    case uint8
    /// In 16 bits, for instructions that multiply pairs of 16-bit integers.
    case uint16

    package var byteCount: Int {
        switch self {
        case .uint8: 1
        case .uint16: 2
        }
    }

    /// Writes `count` times the same value.
    package func fill(_ output: UnsafeMutableRawPointer, _ value: UInt8, count: Int) {
        switch self {
        case .uint8:
            output.assumingMemoryBound(to: UInt8.self).update(repeating: value, count: count)
        case .uint16:
            output.assumingMemoryBound(to: UInt16.self).update(repeating: UInt16(value), count: count)
        }
    }
}
