/// The levels at which every kernel exists, from the least to the most demanding processor.
package enum InstructionSet: String, CaseIterable, Comparable, Sendable {
    /// Baseline code of the platform; matrix products by BLAS.
    case portable
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 F, BW, DQ, VL and VNNI.
    case avx512
    /// arm64.
    case neon
    /// arm64 with the dot product of bytes.
    case neonDotProduct
    /// Each part of the kernels of the level that a table names: the default on Apple's arm64 processors.
    case mixed

    private var rank: Int {
        switch self {
        case .portable: 0
        case .avx2: 1
        case .avx512: 2
        case .neon: 1
        case .neonDotProduct: 2
        case .mixed: 3
        }
    }

    package static func < (left: InstructionSet, right: InstructionSet) -> Bool { left.rank < right.rank }
}
