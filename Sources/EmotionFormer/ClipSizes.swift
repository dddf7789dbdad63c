import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph

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

    /// The numbers of frames of a model that a proof is about.
    static func frames(of proof: FrameProof) -> [Int] { frames(upTo: proof.frameCount, unit: proof.unit) }

    /// At most nine numbers of frames, in ascending order. Each is about four fifths of the next, so that a clip of any
    /// length, also a short one, takes few frames more than its own.
    /// - Parameters:
    ///   - frameCount: the model's own number.
    ///   - unit: a number of frames that all numbers are multiples of.
    static func frames(upTo frameCount: Int, unit: Int) -> [Int] {
        // Whole blocks of rows for the kernels, or half ones where windows of time leave fewer rows anyway.
        let block = frameCount < 64 ? 4 : unit == 1 ? 16 : 8
        let multiple = (block + unit - 1) / unit * unit
        var frames: [Int] = []
        var next = frameCount * 4 / 5 / multiple * multiple
        // One unit of padding, and a clip before it.
        while next >= max(2 * unit, multiple), frames.count < 9 {
            frames.insert(next, at: 0)
            next = next * 4 / 5 / multiple * multiple
        }
        return frames
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
