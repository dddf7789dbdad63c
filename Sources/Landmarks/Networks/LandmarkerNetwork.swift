import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
import EmotionFormerTFLiteImport

/// One of the three networks of a task file, compiled.
struct LandmarkerNetwork: Sendable {
    /// What a network takes and gives; all of it is float32.
    struct Form: Sendable {
        /// The member of the task file.
        let name: String
        let input: [Int]
        /// Of the outputs that are used, in the file's order, by which MediaPipe goes too.
        let outputs: [[Int]]
    }

    let plan: Plan

    /// - Throws: what is wrong with the file; `shapeMismatch` or `elementTypeMismatch` if it is another network's.
    init(_ bytes: [UInt8], _ form: Form, options: PlanOptions) throws(Fault) {
        // Its faults have the name in front.
        let program = try TFLiteImporter.read(bytes, name: form.name, limits: options.limits).program
        do throws(Fault) {
            guard let graph = program.graphs.first, graph.inputs.count == 1, graph.inputs[0].extents == form.input
            else {
                throw LandmarkerNetwork.otherForm(
                    "inputs", program.graphs.first?.inputs.map { "\($0.extents.map { $0 ?? -1 })" } ?? [],
                    ["\(form.input)"])
            }
            guard graph.inputs[0].elementType == .float32 else {
                throw Fault(
                    .elementTypeMismatch, at: graph.inputs[0].name, "the network takes other numbers",
                    found: graph.inputs[0].elementType.rawValue, expected: ElementType.float32.rawValue)
            }
            let outputs = Array(graph.outputs.prefix(form.outputs.count))
            plan = try Plan(
                consume program, inputShapes: [try Shape(form.input)], outputs: outputs, options: options)
            let found = plan.outputTypes.map(\.shape.extents)
            guard found == form.outputs, plan.outputTypes.allSatisfy({ $0.elementType == .float32 }) else {
                throw LandmarkerNetwork.otherForm("outputs", found.map { "\($0)" }, form.outputs.map { "\($0)" })
            }
        } catch {
            throw error.within(form.name)
        }
    }

    private static func otherForm(_ place: String, _ found: [String], _ expected: [String]) -> Fault {
        Fault(
            .shapeMismatch, at: place, "this is not the network that a face landmarker has here",
            found: found.joined(separator: ", "), expected: expected.joined(separator: ", "))
    }
}

extension Session {
    /// The only input's elements.
    var floatInput: UnsafeMutablePointer<Float> {
        input(0).baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
    }

    func floatOutput(_ index: Int) -> UnsafePointer<Float> {
        output(index).baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
    }
}
