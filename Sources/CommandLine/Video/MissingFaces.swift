/// What becomes of a frame without a face.
struct MissingFaces {
    enum Rule: String, CaseIterable, Sendable {
        /// It stays a frame, of NaN.
        case nan
        /// It is left out.
        case drop
        /// The last face stands in its place. Before the first face there is none: those frames stay without.
        case `repeat`
    }

    /// Frames, and those of them with a face.
    private(set) var frames = 0
    private(set) var faces = 0
    private let rule: Rule
    private var last: [SIMD3<Float>]?

    init(_ rule: Rule) { self.rule = rule }

    /// - Returns: whether the frame is kept, and its face.
    mutating func add(_ face: [SIMD3<Float>]?) -> (isKept: Bool, face: [SIMD3<Float>]?) {
        frames += 1
        if let face {
            faces += 1
            if rule == .repeat { last = face }
            return (true, face)
        }
        return (rule != .drop, rule == .repeat ? last : nil)
    }
}
