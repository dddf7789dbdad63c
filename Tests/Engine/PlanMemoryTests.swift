import EmotionFormerCore
import EmotionFormerGraph
import Testing

@testable import EmotionFormerEngine
@testable import EmotionFormerKernels

@Suite("What a plan keeps of its model") struct PlanMemoryTests {
    private let width = 16384

    /// clip (1, 5, 4) · kernel + table, normalized → out. Every weight takes 64 KiB or more: one that is packed, one that is
    /// a value of the graph, one that stays a node's.
    private func plan(in region: MemoryRegion?, _ level: InstructionSet, _ stage: PlanOptions.Stage) throws -> Plan {
        func tensor(_ extents: [Int], _ seed: Int) throws -> StoredTensor {
            let shape = try Shape(extents)
            return StoredTensor(
                try Tensor(.float32, shape, in: region) { bytes in
                    for index in 0..<shape.elementCount {
                        bytes.storeBytes(
                            of: Float((index * 37 + seed) % 19) / 8 - 1, toByteOffset: 4 * index, as: Float.self)
                    }
                })
        }
        let nodes = [
            Node(.constant, name: "table", outputs: ["table"], weights: ["value": "table"]),
            Node(.dense, name: "dense", inputs: ["clip"], outputs: ["hidden"], weights: ["kernel": "kernel"]),
            Node(.add, name: "add", inputs: ["hidden", "table"], outputs: ["placed"]),
            Node(
                .layerNormalization, name: "norm", inputs: ["placed"], outputs: ["out"],
                attributes: ["epsilon": .number(1e-3)], weights: ["gamma": "gamma"]),
        ]
        let graph = Graph(
            name: "main", inputs: [GraphInput(name: "clip", elementType: .float32, extents: [1, 5, 4])],
            outputs: ["out"], nodes: nodes)
        let tensors = [
            "kernel": try tensor([4, width], 1), "table": try tensor([1, 5, width], 2), "gamma": try tensor([width], 3),
        ]
        return try Plan(
            Program(graphs: [graph], tensors: tensors).validated(), inputShapes: [Shape([1, 5, 4])],
            options: PlanOptions(instructionSet: level, stage: stage))
    }

    private func output(_ plan: Plan) throws -> [Float] {
        let session = Session(plan)
        let squares = (0..<20).map { (index: Int) -> Int in index * index % 23 }
        let clip: [Float] = squares.map { Float($0) / 7 - 1.5 }
        clip.withUnsafeBytes { session.input(0).copyMemory(from: $0) }
        try session.run()
        return Array(session.output(0).bindMemory(to: Float.self))
    }

    /// Otherwise one table would keep 2 MiB of weights that were packed long ago.
    @Test(arguments: InstructionSet.available)
    func aPlanKeepsNoRegionOfTheWeightsItWasMadeFrom(level: InstructionSet) throws {
        for stage in [PlanOptions.Stage.simplified, .fused] {
            var region = MemoryRegion.page()
            let watched = { [weak region] in region }
            let plan = try plan(in: region, level, stage)
            region = nil
            #expect(watched() == nil, "\(stage)")
            #expect(try output(plan) == output(self.plan(in: nil, level, stage)), "\(stage)")
        }
    }
}
