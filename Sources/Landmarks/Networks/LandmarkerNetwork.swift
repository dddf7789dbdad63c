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
        /// What the bytes of a picture become, which the file itself must state; nil for a network that takes no picture.
        let pixels: PixelRange?
    }

    /// The numbers of a picture's bytes: (byte − mean) / deviation.
    struct PixelRange: Sendable, Hashable, CustomStringConvertible {
        let mean: Float
        let deviation: Float

        var description: String { "(byte − \(mean)) / \(deviation)" }
    }

    let plan: Plan

    /// - Throws: what is wrong with the file; `shapeMismatch` or `elementTypeMismatch` if it is another network's.
    init(_ bytes: [UInt8], _ form: Form, options: PlanOptions) throws(Fault) {
        // Its faults have the name in front.
        let model = try TFLiteImporter.read(bytes, name: form.name, limits: options.limits)
        let (program, metadata) = (model.program, model.metadata)
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
            if let pixels = form.pixels { try LandmarkerNetwork.check(metadata, pixels, limits: options.limits) }
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

    /// Another range would give other landmarks without any sign of it.
    /// - Throws: unless the metadata state exactly this range, for a picture of red, green and blue.
    private static func check(_ metadata: [UInt8]?, _ pixels: PixelRange, limits: Limits) throws(Fault) {
        guard let metadata, let input = try ModelMetadata(metadata, limits: limits).inputs.first else {
            throw Fault(
                .missingField, at: ModelMetadata.name,
                "the file does not state what numbers it takes for a picture's bytes",
                expected: "\(pixels), as in MediaPipe's own face_landmarker.task")
        }
        guard input.isRGB else {
            throw Fault(
                .layoutMismatch, at: ModelMetadata.name, "the input '\(input.name)' is not stated to be a picture",
                expected: "red, green and blue")
        }
        let ranges = input.normalizations.flatMap { step in
            zip(step.means, step.deviations).map { PixelRange(mean: $0, deviation: $1) }
        }
        let counts = input.normalizations.map { [$0.means.count, $0.deviations.count] }
        guard counts == [[1, 1]] || counts == [[3, 3]], input.otherSteps == 0, ranges.allSatisfy({ $0 == pixels })
        else {
            throw Fault(
                .invalidValue, at: ModelMetadata.name, "the network takes other numbers for a picture's bytes",
                found: (ranges.isEmpty ? ["no range"] : ranges.map(\.description)).joined(separator: ", ")
                    + (input.otherSteps > 0 ? " and \(input.otherSteps) other steps" : ""),
                expected: "\(pixels), as in MediaPipe's own face_landmarker.task")
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
