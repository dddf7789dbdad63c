package import EmotionFormerKernelInterface

/// The level of each part of the kernels on Apple's arm64 processors, where Accelerate (`portable`) has a matrix unit that
/// no vector kernel reaches. `Tools/choose-kernels`, on a Mac, measures all levels and writes this table.
///
/// Not measured yet: float32 products are left to Accelerate, and the rest to the vector kernels.
package enum AppleLevels {
    package static let table: [KernelPart: InstructionSet] = [
        .products: .portable,
        .computedProducts: .portable,
        .attention: .portable,
        .quantizedProducts: .neonDotProduct,
        .others: .neon,
    ]

    /// The level of a part: that of the table or, on a processor that lacks it, the best one that it has.
    package static func level(of part: KernelPart, among available: [InstructionSet]) -> InstructionSet {
        let wanted = table[part] ?? .portable
        return available.contains(wanted) ? wanted : available.last { $0 < wanted } ?? .portable
    }
}
