import EmotionFormerCore

/// The address of every value of a plan.
struct Layout {
    /// By value: the offset in the arena, or nil if it is a constant or never needed.
    let offsets: [Int?]
    let arenaByteCount: Int
    /// By value; its owner keeps them alive.
    let constants: [Tensor?]

    func operand(_ value: Int) -> Operand {
        if let offset = offsets[value] { return Operand(arenaOffset: offset) }
        return Operand(constant: constants[value]?.stableBytes ?? Layout.nothing)
    }

    func destination(_ value: Int) -> Destination { Destination(arenaOffset: offsets[value] ?? 0) }

    /// Never read: every value of a step has an address or is a constant.
    nonisolated(unsafe) fileprivate static let nothing = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64))
}

extension Tensor {
    /// The elements' address, valid as long as a copy of the tensor exists; a plan keeps one.
    var stableBytes: UnsafeRawPointer { withUnsafeBytes { $0.baseAddress ?? Layout.nothing } }
}
