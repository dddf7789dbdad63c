import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerTensors

/// Plans of a model for fewer frames than its own, for clips whose padding influences nothing: a few, made when the
/// model is loaded, with the weights of the whole plan.
struct ClipSizes: Sendable {
    struct Size: Sendable {
        let frames: Int
        let pool: SessionPool
    }

    /// In ascending order.
    let sizes: [Size]
    /// For each guard of the proof, the plans' outputs with its masks.
    private let guards: [[Int]]
    private let unit: Int
    private let features: Int
    private let largestInput: Float

    /// - Parameters:
    ///   - plans: for the sizes in ascending order.
    ///   - unit, guards, largestInput: as the proof has them.
    ///   - outputCount: the outputs of the model, ahead of the masks.
    init(
        _ plans: [(frames: Int, plan: Plan)], unit: Int, guards: [[Int]], largestInput: Float, outputCount: Int,
        features: Int
    ) {
        self.largestInput = largestInput
        sizes = plans.map { Size(frames: $0.frames, pool: SessionPool($0.plan, rows: $0.frames)) }
        self.unit = unit
        self.features = features
        var next = outputCount
        self.guards = guards.map { masks in
            defer { next += masks.count }
            return Array(next..<next + masks.count)
        }
    }

    /// At most ten numbers of frames, up to the model's own, in equal steps.
    static func frames(of proof: FrameProof) -> [Int] {
        // Whole blocks of rows for the kernels.
        let block = proof.frameCount < 64 ? 4 : 16
        let multiple = (block + proof.unit - 1) / proof.unit * proof.unit
        let share = (proof.frameCount + 9) / 10
        let step = (share + multiple - 1) / multiple * multiple
        return Array(stride(from: step, to: proof.frameCount, by: step))
    }

    /// The least plan for a clip of so many frames, which has padding after it; nil if it takes the whole plan.
    func size(for frameCount: Int) -> Size? {
        let needed = (frameCount + unit - 1) / unit * unit + unit
        return sizes.first { $0.frames >= needed }
    }

    /// Whether the clip's frames in a session's input are as small as the proof supposes, and numbers.
    func admits(_ session: Session, frameCount: Int) -> Bool {
        let bits = session.input(0).bindMemory(to: UInt32.self)
        let count = frameCount * features
        guard count <= bits.count, let start = bits.baseAddress else { return false }
        // Without their signs, floats are ordered like their bits, and NaN is above all.
        var largest: UInt32 = 0
        for index in 0..<count { largest = max(largest, start[index] & 0x7FFF_FFFF) }
        return largest <= largestInput.bitPattern
    }

    /// Whether, after a run, each guard's masks are all true somewhere in the clip.
    func keepsFrames(_ session: Session) -> Bool {
        guards.allSatisfy { masks in
            guard let first = masks.first else { return false }
            return session.output(first).indices.contains { index in
                masks.allSatisfy { session.output($0)[index] != 0 }
            }
        }
    }
}
