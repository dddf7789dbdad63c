import ArgumentParser
import EmotionFormer
import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerFiles
import EmotionFormerModelFormat

/// `emotionformer inspect MODEL`
struct InspectCommand: ParsableCommand {
    /// The stage of compilation that is shown.
    enum Stage: String, ExpressibleByArgument, CaseIterable {
        case imported, simplified, fused, plan
    }

    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show a model: what it assumes of its input, and its graph.",
        discussion: """
            Stages: the graph of the file (imported), rewritten to layers (simplified), with neighboring operations fused \
            (fused), and the steps with their segments, rows and floating-point operations (plan).

            EXAMPLES:
              emotionformer inspect Weights/demo
              emotionformer inspect --stage plan Weights/demo
              emotionformer inspect model.tflite --assets assets
              emotionformer inspect model.tflite --signature encode
              emotionformer inspect --json Weights/demo | jq .graph
            """)

    @Argument(help: "The model: a package folder or a .tflite file.")
    var model: String

    @Option(
        help: ArgumentHelp(
            "The folder with normalization, labels and metadata of a .tflite file.", valueName: "folder"))
    var assets: String?

    @Option(help: "The stage of the graph to show.")
    var stage: Stage = .imported

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var shape: ShapeOptions

    @OptionGroup var signature: SignatureOption

    @OptionGroup var limitOptions: LimitOptions

    func run() throws {
        let limits = limitOptions.limits
        let contents = try ModelFile.read(
            model, assets: assets, signature: signature.name, limits: limits.values)
        let summary = try ModelSummary(contents: contents, limits: limits)
        let shapes = try Model(contents, options: EmotionModel.Options(limits: limits)).inputShapes(
            shape.shapes(contents))
        switch stage {
        case .imported: try show(summary, try listing(contents, shapes, .imported))
        case .simplified: try show(summary, try listing(contents, shapes, .simplified))
        case .fused, .plan: try showSteps(summary, try plan(contents, shapes))
        }
    }

    private func listing(
        _ contents: ModelPackage, _ shapes: [Shape], _ stage: PlanOptions.Stage
    ) throws -> GraphListing {
        let graph = try Plan.graph(
            contents.program, inputShapes: shapes,
            options: PlanOptions(stage: stage, limits: limitOptions.limits.values))
        return GraphListing(graph)
    }

    private func plan(_ contents: ModelPackage, _ shapes: [Shape]) throws -> Plan {
        try Plan(
            contents.program, inputShapes: shapes, outputs: OutputReading.values(contents.outputs),
            options: PlanOptions(limits: limitOptions.limits.values))
    }

    private func show(_ summary: ModelSummary, _ listing: GraphListing) throws {
        if json {
            try print(summary, ["parameters": .integer(listing.parameterCount), "graph": listing.json])
            return
        }
        try print(summary)
        try StandardOutput.writeLine("parameters      \(listing.parameterCount)")
        try print(listing.table)
    }

    private func showSteps(_ summary: ModelSummary, _ plan: Plan) throws {
        let showsAll = stage == .plan
        if json {
            let steps = plan.steps.map { step -> JSONValue in
                var members: [JSONValue.Member] = [
                    .init("name", .string(step.name)), .init("step", .string(step.label)),
                ]
                if showsAll {
                    members += [
                        .init("segment", .integer(step.segment)), .init("rows", .integer(step.rows)),
                        .init("floatingPointOperations", .integer(step.floatingPointOperations)),
                    ]
                }
                return .object(members)
            }
            try print(
                summary,
                [
                    "memory": ["arena": .integer(plan.memory.arena), "scratch": .integer(plan.memory.scratch)],
                    "steps": .array(steps),
                ])
            return
        }
        try print(summary)
        try StandardOutput.writeLine(
            "memory          \(plan.memory.arena) bytes a session, \(plan.memory.scratch) bytes a thread")
        var table =
            showsAll
            ? TextTable(["segment", "step", "kernel", "rows", "flops"], rightAligned: [0, 3, 4])
            : TextTable(["step", "kernel"])
        for step in plan.steps {
            table.append(
                showsAll
                    ? ["\(step.segment)", step.name, step.label, "\(step.rows)", "\(step.floatingPointOperations)"]
                    : [step.name, step.label])
        }
        try print(table)
    }

    private func print(_ summary: ModelSummary) throws {
        for (name, value) in summary.lines {
            try StandardOutput.writeLine(name + String(repeating: " ", count: max(1, 16 - name.count)) + value)
        }
    }

    private func print(_ table: TextTable) throws {
        try StandardOutput.writeLine("")
        for line in table.lines { try StandardOutput.writeLine(line) }
    }

    private func print(_ summary: ModelSummary, _ graph: JSONValue) throws {
        guard case .object(let first) = summary.json, case .object(let second) = graph else { return }
        let stage = JSONValue.Member("stage", .string(stage.rawValue))
        try StandardOutput.write(JSONValue.object(first + [stage] + second).text())
    }
}
