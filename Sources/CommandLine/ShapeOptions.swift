import ArgumentParser
import EmotionFormer
import EmotionFormerModelFormat

/// `--shape NAME=1,30,63`: shapes of inputs that the model leaves open.
struct ShapeOptions: ParsableArguments {
    struct Setting: Sendable {
        let name: String?
        let extents: [Int]
    }

    @Option(
        name: .customLong("shape"),
        help: ArgumentHelp(
            "The shape of an input that the model leaves open, such as 1,30,63; without a name of the first.",
            valueName: "name=extents"), transform: ShapeOptions.setting)
    var settings: [Setting] = []

    /// By the inputs' names.
    func shapes(_ contents: ModelPackage) throws -> [String: [Int]] {
        try shapes(inputs: contents.inputs.map(\.name))
    }

    /// By the inputs' names.
    func shapes(inputs: [String]) throws -> [String: [Int]] {
        var shapes: [String: [Int]] = [:]
        for setting in settings {
            let name = setting.name ?? inputs.first ?? ""
            guard shapes.updateValue(setting.extents, forKey: name) == nil else {
                throw Failure("--shape: two shapes of one input (found \(name))")
            }
        }
        return shapes
    }

    private static func setting(_ text: String) throws -> Setting {
        let cut = text.lastIndex(of: "=")
        let list = cut.map { text[text.index(after: $0)...] } ?? text[...]
        let extents = list.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard !extents.isEmpty, extents.allSatisfy({ ($0 ?? 0) > 0 }) else {
            throw ValidationError("--shape is no list of extents (found \(text), expected NAME=1,30,63)")
        }
        return Setting(name: cut.map { String(text[..<$0]) }, extents: extents.compactMap(\.self))
    }
}
