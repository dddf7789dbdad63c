import ArgumentParser
import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// `emotionformer run MODEL --input NAME=FILE.npy … -o FOLDER`
struct RunCommand: ParsableCommand {
    struct InputFile: Sendable {
        let name: String?
        let path: String
    }

    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a model with any inputs, and write its outputs as arrays.",
        discussion: """
            Tensors go in and tensors come out: nothing is normalized, padded or given a label. An array has the input's \
            shape, with or without the batch axis, or holds several runs along one more axis in front. Every output becomes \
            FOLDER/NAME.npy, with an axis of runs if the inputs have one; FOLDER/outputs.json lists them. An older result in \
            FOLDER is replaced.

            A model with variables, such as one of a stream's steps, keeps them from run to run: the rows of an array follow \
            each other in time, and the first finds the variables as a new session does. With --reset-each-row every row does.

            EXAMPLES:
              emotionformer run model.tflite --input clips.npy -o result
              emotionformer run MyModel --input face=face.npy --input pose=pose.npy -o result
              emotionformer run MyModel --input inputs.npz -o result
              emotionformer run model.tflite --random -o result
            """)

    @Argument(help: "The model: a package folder or a .tflite file.")
    var model: String

    @Option(
        help: ArgumentHelp(
            "An input's array, as NAME=FILE.npy; without a name that of the only input, or an .npz with the inputs' names.",
            valueName: "name=file"), transform: RunCommand.inputFile)
    var input: [InputFile] = []

    @Flag(help: "Make up the inputs: the same numbers in every run, by the inputs' shapes and types.")
    var random = false

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "folder"))
    var output: String

    @Flag(help: "Begin every row of the inputs with the variables of a new session, of a model that has variables.")
    var resetEachRow = false

    @Option(help: "Threads to compute with.")
    var threads = 1

    @Flag(help: "Print one JSON object: each output with its kind, type, shape and file.")
    var json = false

    @OptionGroup var shape: ShapeOptions

    @OptionGroup var signature: SignatureOption

    @OptionGroup var limitOptions: LimitOptions

    private static func inputFile(_ text: String) throws -> InputFile {
        // A path may hold an equals sign, too: the first one ends the name.
        guard let cut = text.firstIndex(of: "=") else { return InputFile(name: nil, path: text) }
        return InputFile(name: String(text[..<cut]), path: String(text[text.index(after: cut)...]))
    }

    func validate() throws {
        if random, !input.isEmpty { throw ValidationError("--random and --input exclude each other") }
        if !random, input.isEmpty { throw ValidationError("--input or --random is needed") }
        if !random, !shape.settings.isEmpty { throw ValidationError("--shape goes with --random") }
        if !(1...1024).contains(threads) {
            throw ValidationError("--threads is out of range (found \(threads), expected 1 to 1024)")
        }
        if output.isEmpty { throw ValidationError("--output is empty") }
    }

    func run() throws {
        var folder = try RunFolder(output)
        let model = try Model(
            path: model, signature: signature.name,
            options: EmotionModel.Options(threads: threads, limits: limitOptions.limits))
        guard model.hasVariables || !resetEachRow else {
            throw Failure("--reset-each-row is for models with variables, and this one has none")
        }
        let (runs, isStacked) = try inputs(of: model)
        if model.hasVariables, runs.count > 1 {
            StandardError.writeLine("emotionformer: note: \(VariableText.rows(ofOne: "array", areReset: resetEachRow))")
        }
        var results: [[String: Tensor]] = []
        var state: [UInt8] = []
        for (index, run) in runs.enumerated() {
            do throws(Fault) {
                if resetEachRow { state = [] }
                results.append(try model.results(of: run, state: &state))
            } catch {
                throw runs.count > 1 ? error.within("run \(index)") : error
            }
        }
        var rows: [RunFolder.Row] = []
        for output in model.outputs {
            let tensors = results.compactMap { $0[output.name] }
            let tensor = isStacked ? try RunCommand.stacked(tensors) : tensors[0]
            rows.append(try folder.write(tensor, output))
        }
        try folder.write(rows)
        try folder.keep()
        if json {
            try StandardOutput.write(RunFolder.json(rows).text())
        } else {
            var table = TextTable(["output", "kind", "type", "shape", "file"])
            for row in rows {
                table.append([
                    PrintedText.line(row.name), row.kind, row.type,
                    "[\(row.shape.map(String.init).joined(separator: ", "))]",
                    row.file,
                ])
            }
            for line in table.lines { try StandardOutput.writeLine(line) }
        }
    }

    private func inputs(of model: Model) throws -> (runs: [[String: Tensor]], isStacked: Bool) {
        guard random else {
            let files = try TensorFiles(input.map { ($0.name, $0.path) }, of: model)
            return (files.runs, files.hasRunAxis)
        }
        var generator = RandomInputs()
        var run: [String: Tensor] = [:]
        for (input, shape) in zip(model.inputs, try model.inputShapes(shape.shapes(inputs: model.inputs.map(\.name)))) {
            run[input.name] = generator.tensor(input.elementType, shape)
        }
        return ([run], false)
    }

    /// Runs along a first axis, in place of a batch axis of 1.
    static func stacked(_ tensors: [Tensor]) throws(Fault) -> Tensor {
        guard let first = tensors.first else { throw Fault(.invalidValue, at: "outputs", "there is no run") }
        guard tensors.allSatisfy({ $0.shape == first.shape }) else {
            throw Fault(
                .shapeMismatch, at: "outputs", "runs give outputs of different shapes: run them one by one",
                found: Set(tensors.map { "\($0.shape)" }).sorted().joined(separator: ", "))
        }
        let extents = first.shape.extents
        let row = extents.first == 1 ? Array(extents.dropFirst()) : extents
        return Tensor(first.elementType, try Shape([tensors.count] + row)) { bytes in
            for (index, tensor) in tensors.enumerated() {
                let size = tensor.byteCount
                tensor.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]).copyMemory(
                        from: $0)
                }
            }
        }
    }
}
