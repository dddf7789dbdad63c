import EmotionFormerCore
import EmotionFormerGraph
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerKernels

@Suite("Work that is done once for a frame")
struct FrameWorkTests {
    private let frames = 5

    /// clip (1, 5, 4) → nodes → `out`, with kernels and tables of fixed numbers.
    private func plan(
        _ nodes: [Node], weights: [String: [Int]] = [:], level: InstructionSet = .portable, threads: Int = 1,
        stage: PlanOptions.Stage = .fused
    ) throws -> Plan {
        var tensors: [String: StoredTensor] = [:]
        for (name, extents) in weights {
            let count = extents.reduce(1, *)
            let values = (0..<count).map { Float(($0 * 37 + name.utf8.count * 11) % 19) / 8 - 1 }
            tensors[name] = StoredTensor(try Tensor(values, shape: Shape(extents)))
        }
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, frames, 4])],
            outputs: ["out"], nodes: nodes)
        return try Plan(
            Program(graphs: [graph], tensors: tensors).validated(), inputShapes: [Shape([1, frames, 4])],
            options: PlanOptions(instructionSet: level, threads: threads, stage: stage))
    }

    private func constant(_ name: String) -> Node {
        Node(.constant, name: name, outputs: [name], weights: ["value": name])
    }

    private var dense: Node {
        Node(.dense, name: "dense", inputs: ["clip"], outputs: ["hidden"], weights: ["kernel": "kernel"])
    }

    private var pool: Node {
        Node(.globalPooling1D, name: "pool", inputs: ["placed"], outputs: ["out"])
    }

    private var clip: [Float] { (0..<frames * 4).map { Float($0 * $0 % 23) / 7 - 1.5 } }

    /// What the plan gives for the clip as a whole.
    private func whole(_ plan: Plan) throws -> [Float] {
        let session = Session(plan)
        clip.withUnsafeBytes { session.input(0).copyMemory(from: $0) }
        try session.run()
        return Array(session.output(0).bindMemory(to: Float.self))
    }

    /// The same from frames whose work was done `chunk` at a time, in an order that is not theirs.
    /// - Parameter slots: what to put in each frame's place; the frame itself unless given.
    private func resumed(_ plan: Plan, chunk: Int, slots: [Int]? = nil) throws -> [Float] {
        let layout = try #require(plan.frameLayout)
        let session = Session(plan)
        var memory = [UInt8](repeating: 0xFF, count: layout.byteCount * frames)
        let order = Array((0..<frames).reversed())
        for start in stride(from: 0, to: frames, by: chunk) {
            let part = Array(order[start..<min(start + chunk, frames)])
            let values = part.flatMap { clip[$0 * 4..<$0 * 4 + 4] }
            values.withUnsafeBytes { session.input(0).copyMemory(from: $0) }
            try memory.withUnsafeMutableBytes { bytes throws in
                try session.keepFrames(part, in: #require(bytes.baseAddress))
            }
        }
        try memory.withUnsafeBytes { bytes throws in
            try session.run(keptFrames: slots ?? Array(0..<frames), in: #require(bytes.baseAddress))
        }
        return Array(session.output(0).bindMemory(to: Float.self))
    }

    private func check(_ plan: Plan, isPortable: Bool) throws {
        let expected = try whole(plan)
        for chunk in [1, 2, 5] {
            let found = try resumed(plan, chunk: chunk)
            if isPortable {
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
            } else {
                #expect(found == expected)
            }
        }
        #expect(try resumed(plan, chunk: 2, slots: [1, 2, 3, 4, 0]) != expected, "frames in another's place differ")
    }

    private var positioned: ([Node], [String: [Int]]) {
        (
            [
                dense, constant("table"),
                Node(.add, name: "place", inputs: ["hidden", "table"], outputs: ["placed"]), pool,
            ], ["kernel": [4, 3], "table": [1, 5, 3]]
        )
    }

    @Test("A dense layer before positions is done once; adding them stays", arguments: InstructionSet.available)
    func positions(level: InstructionSet) throws {
        // Pooling by the mean would hide which frame stands where.
        var (nodes, weights) = positioned
        nodes[3] = Node(
            .reshape, name: "flat", inputs: ["placed"], outputs: ["out"], attributes: ["shape": .integers([1, 15])])
        for threads in [1, 2] {
            for stage in [PlanOptions.Stage.simplified, .fused] {
                let plan = try plan(nodes, weights: weights, level: level, threads: threads, stage: stage)
                #expect(plan.frameSteps.once == ["dense"])
                #expect(!plan.frameSteps.resumed.contains { $0.hasPrefix("dense") })
                try check(plan, isPortable: level == .portable)
            }
        }
        weights["table"] = [1, 1, 3]
        let unplaced = try plan(nodes, weights: weights, level: level)
        #expect(unplaced.frameSteps.once.first == "dense")
        #expect(
            !unplaced.frameSteps.resumed.contains { $0.hasPrefix("place") || $0.hasPrefix("add") },
            "what is added to all frames alike goes with them")
        try check(unplaced, isPortable: level == .portable)
    }

    @Test("A cut behind the positions would be seen: there a frame's place is part of its values")
    func wrongCut() throws {
        let (nodes, weights) = positioned
        var flat = nodes
        flat[3] = Node(
            .reshape, name: "flat", inputs: ["placed"], outputs: ["out"], attributes: ["shape": .integers([1, 15])])
        let values = try whole(plan(flat, weights: weights))
        // What was computed for a frame as the first row, kept behind the positions, has the first row's.
        var moved: [Float] = []
        for frame in 0..<frames {
            let session = Session(try plan(flat, weights: weights))
            clip[frame * 4..<frame * 4 + 4].withUnsafeBytes { session.input(0).copyMemory(from: $0) }
            try session.run()
            moved += session.output(0).bindMemory(to: Float.self).prefix(3)
        }
        #expect(moved != values)
        #expect(Array(moved.prefix(3)) == Array(values.prefix(3)))
    }

    @Test("What mixes frames, counts them or has numbers for each of them is not done once")
    func mixing() throws {
        let conv = Node(
            .conv1D, name: "conv", inputs: ["clip"], outputs: ["placed"], attributes: ["padding": .text("same")],
            weights: ["kernel": "kernel"])
        #expect(try plan([conv, pool], weights: ["kernel": [3, 4, 2]]).frameLayout == nil)
        let add = Node(.add, name: "place", inputs: ["clip", "table"], outputs: ["placed"])
        #expect(try plan([constant("table"), add, pool], weights: ["table": [1, 5, 4]]).frameLayout == nil)
        #expect(try plan([constant("table"), add, pool], weights: ["table": [5, 1]]).frameLayout == nil)
        #expect(try plan([constant("table"), add, pool], weights: ["table": [4]]).frameSteps.once == ["place"])
        let scan = Node(
            .cumulativeSum, name: "scan", inputs: ["clip"], outputs: ["placed"], attributes: ["axis": .integer(1)])
        #expect(try plan([scan, pool]).frameLayout == nil)
        let encoding = Node(
            .positionalEncoding, name: "encoding", inputs: ["clip"], outputs: ["placed"],
            attributes: ["kind": .text("sinusoidal")])
        #expect(try plan([encoding, pool]).frameLayout == nil)
        let norm = Node(
            .layerNormalization, name: "norm", inputs: ["clip"], outputs: ["placed"],
            attributes: ["axes": .integers([1, 2]), "epsilon": .number(1e-3)])
        #expect(try plan([norm, pool]).frameLayout == nil)
        let transpose = Node(
            .transpose, name: "turn", inputs: ["clip"], outputs: ["turned"],
            attributes: ["permutation": .integers([0, 2, 1])])
        let softmax = Node(.softmax, name: "softmax", inputs: ["turned"], outputs: ["placed"])
        #expect(try plan([transpose, softmax, pool]).frameLayout == nil)
        let mean = Node(
            .reduceMean, name: "mean", inputs: ["clip"], outputs: ["mean"],
            attributes: ["axes": .integers([1]), "keepDimensions": .boolean(true)])
        for operation in [EmotionFormerGraph.Operation.subtract, .multiply, .add] {
            let centered = Node(operation, name: "centered", inputs: ["clip", "mean"], outputs: ["placed"])
            #expect(try plan([mean, centered, pool]).frameLayout == nil)
        }
        let shifted = Node(.add, name: "shifted", inputs: ["hidden", "mean"], outputs: ["placed"])
        #expect(try plan([dense, mean, shifted, pool], weights: ["kernel": [4, 4]]).frameSteps.once.last == "dense")
    }

    @Test("A frame's own mask is kept beside its values, and what the rest reads of the input, too")
    func severalValues() throws {
        let masking = Node(.masking, name: "masking", inputs: ["clip"], outputs: ["kept", "mask"])
        let masked = Node(.globalPooling1D, name: "pool", inputs: ["kept", "mask"], outputs: ["out"])
        let plan = try plan([masking, masked])
        #expect(try #require(plan.frameLayout).values.map(\.byteCount).sorted() == [1, 16])
        let both = [
            dense, Node(.multiply, name: "square", inputs: ["hidden", "hidden"], outputs: ["squared"]),
            Node(.reverse, name: "turn", inputs: ["clip"], outputs: ["turned"], attributes: ["axes": .integers([1])]),
            Node(.concatenate, name: "join", inputs: ["squared", "turned"], outputs: ["joined"]),
            Node(
                .reshape, name: "flat", inputs: ["joined"], outputs: ["out"],
                attributes: ["shape": .integers([1, 35])]),
        ]
        for level in InstructionSet.available {
            for threads in [1, 2] {
                let plan = try self.plan(both, weights: ["kernel": [4, 3]], level: level, threads: threads)
                #expect(plan.frameSteps.once.suffix(2) == ["dense", "square"])
                #expect(try #require(plan.frameLayout).values.map(\.byteCount) == [16, 12])
                try check(plan, isPortable: level == .portable)
            }
        }
    }
}
