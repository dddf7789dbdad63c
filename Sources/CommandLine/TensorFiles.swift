import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// Reads the values of a model's inputs from files: one run, or several.
struct TensorFiles {
    /// The values of one input.
    private struct Runs {
        var file: String
        /// One for each run.
        var tensors: [Tensor]
    }

    /// Inputs by name, a dictionary for each run.
    let runs: [[String: Tensor]]
    /// Whether a file held an axis of runs, so that results have one too.
    let hasRunAxis: Bool

    /// - Parameters:
    ///   - files: paths by the input's name: of `.npy` arrays, or without a name an `.npz` archive whose arrays have the
    ///     inputs' names, or the `.npy` of the only input.
    /// - Throws: what is wrong with a file or with its array's type or shape.
    init(_ files: [(name: String?, path: String)], of model: Model) throws(Fault) {
        var given: [String: Runs] = [:]
        var isStacked = false
        func take(_ name: String, _ array: TensorArray, _ file: String) throws(Fault) {
            guard let input = model.inputs.first(where: { $0.name == name }) else {
                throw Fault(
                    .invalidArgument, at: file, "the model has no such input", found: "'\(name)'",
                    expected: model.inputs.map { "'\($0.name)'" }.joined(separator: ", "))
            }
            guard given[name] == nil else {
                throw Fault(.invalidArgument, at: file, "the input '\(name)' is given twice")
            }
            do throws(Fault) {
                let (tensors, stacked) = try TensorFiles.split(array, for: input)
                isStacked = isStacked || stacked
                given[name] = Runs(file: file, tensors: tensors)
            } catch {
                throw error.within("\(file): input '\(name)'")
            }
        }
        for (name, path) in files {
            if name == nil, path.lowercased().hasSuffix(".npz") {
                for (member, array) in try TensorArray.archive(path, of: model) { try take(member, array, path) }
            } else if let name {
                try take(name, TensorArray(path), path)
            } else if model.inputs.count == 1 {
                try take(model.inputs[0].name, TensorArray(path), path)
            } else {
                throw Fault(
                    .invalidArgument, at: path, "the model has several inputs, and the file is named for none",
                    expected: model.inputs.map { "\($0.name)=FILE.npy" }.joined(separator: ", "))
            }
        }
        if let missing = model.inputs.first(where: { given[$0.name] == nil }) {
            throw Fault(
                .invalidArgument, at: "--input", "an input is missing",
                expected: "\(missing.name)=FILE.npy (\(TensorFiles.text(missing)))")
        }
        let counts = Set(given.values.map(\.tensors.count))
        guard let count = counts.first, counts.count == 1 else {
            throw Fault(
                .shapeMismatch, at: "--input", "the files hold different numbers of runs",
                found: given.sorted { $0.key < $1.key }.map { "\($0.value.tensors.count) of '\($0.key)'" }
                    .joined(separator: ", "))
        }
        hasRunAxis = isStacked
        runs = (0..<count).map { run in given.mapValues { $0.tensors[run] } }
    }

    /// `float32 [1, any, 3]`
    static func text(_ input: Model.Input) -> String {
        "\(input.elementType.rawValue) [\(input.shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", "))]"
    }

    /// The runs in an array: the input's own shape, with or without its batch axis, or several of these.
    private static func split(
        _ array: TensorArray, for input: Model.Input
    ) throws(Fault) -> (tensors: [Tensor], isStacked: Bool) {
        let extents = array.shape.extents
        // An axis that the model leaves open is its own, and takes any extent.
        let hasBatch = input.shape.first == .some(1)
        func fits(_ extents: ArraySlice<Int>, _ shape: ArraySlice<Int?>) -> Bool {
            extents.count == shape.count && zip(extents, shape).allSatisfy { $0 == $1 ?? $0 && $0 > 0 }
        }
        let whole = try array.tensor(of: input.elementType)
        let shape = input.shape[...]
        // Whole, without the batch axis, with runs in its place, with runs before all axes.
        if fits(extents[...], shape) { return ([whole], false) }
        if hasBatch, fits(extents[...], shape.dropFirst()) {
            return ([try whole.reshaped(to: Shape([1] + extents))], false)
        }
        let hasRuns =
            fits(extents.dropFirst(), shape) || hasBatch && fits(extents.dropFirst(), shape.dropFirst())
        guard hasRuns, let count = extents.first, count > 0, count <= 1 << 20 else {
            throw Fault(
                .shapeMismatch, at: "", "the array does not fit", found: "\(array.shape)",
                expected: "\(text(input)), or several of them")
        }
        var tensors: [Tensor] = []
        for index in 0..<count {
            let run = try whole.run(index)
            let isWhole = run.shape.rank == input.shape.count
            tensors.append(isWhole ? run : try run.reshaped(to: Shape([1] + run.shape.extents)))
        }
        return (tensors, true)
    }
}
