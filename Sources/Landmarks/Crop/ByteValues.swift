/// The floats that a network takes for the bytes of a picture: 256 of them.
///
/// `@unchecked Sendable`: written before anyone else has it.
package final class ByteValues: @unchecked Sendable {
    package let values: UnsafeMutablePointer<Float>

    package init(_ value: (UInt8) -> Float) {
        values = .allocate(capacity: 256)
        for byte in UInt8.min...UInt8.max { (values + Int(byte)).initialize(to: value(byte)) }
    }

    deinit { values.deallocate() }

    /// From −1 to 1, for the detector: OpenCV's `convertTo`, which multiplies and adds in one step.
    package static let detector = ByteValues { Float(-1).addingProduct(Float($0), 2 / 255) }
    /// From 0 to 1, for the mesh.
    package static let mesh = ByteValues { Float($0) * (1 / 255) }
}
