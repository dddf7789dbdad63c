import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat

/// Class names in the order of a model's outputs, from the usual kinds of files.
package enum ClassNames {
    private static let keys = [
        "class_names", "classes", "labels", "emotions", "emotion_labels", "label_names", "label_classes",
        "class_indices",
    ]

    /// Reads a label encoder's pickle (`.pkl`, `.pickle`, `.joblib`), an `.npy`, a `.json`, or a text file with one name
    /// per line.
    /// - Throws: `invalidValue`, with how the file departs from its format.
    static func read(_ file: AssetFile) throws(Fault) -> [String] {
        do throws(Fault) {
            switch file.fileExtension {
            case "pkl", "pickle", "joblib": return try pickled(file.contents)
            case "npy": return try array(file.contents)
            case "json":
                let value = try JSONValue(parsing: Text.withoutMark(file.contents))
                guard let names = names(value) ?? names(in: value) else {
                    throw Fault(.invalidValue, at: "", "the file holds no list of class names")
                }
                return names
            default:
                guard file.contents.count <= PickleReader.byteLimit,
                    let text = String(validating: Text.withoutMark(file.contents), as: UTF8.self)
                else { throw Fault(.invalidValue, at: "", "the file holds no text") }
                let lines = text.split(whereSeparator: \.isNewline).map(trimmed).filter { !$0.isEmpty }
                guard !lines.isEmpty else { throw Fault(.invalidValue, at: "", "the file holds no class names") }
                return lines
            }
        } catch {
            throw error.within(file.path)
        }
    }

    /// The names in a list such as `A,B,C`; nil if there are fewer than two.
    static func list(_ text: String) -> [String]? {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        return names.count >= 2 && names.allSatisfy { !$0.isEmpty } ? names : nil
    }

    /// The names that the metadata contains under one of the usual keys.
    static func names(in metadata: JSONValue?) -> [String]? {
        for key in keys { if let names = metadata?[key].flatMap(names) { return names } }
        return nil
    }

    /// A list of names, or an object that maps numbers to names or names to numbers.
    private static func names(_ value: JSONValue) -> [String]? {
        switch value {
        case .array(let items):
            let names = items.compactMap(text)
            return names.isEmpty || names.count != items.count ? nil : names
        case .object(let members):
            // Digits on both sides are an order and its inverse: nothing says which.
            let areNumbers = members.allSatisfy { $0.name.utf8.allSatisfy(DecimalNumber.isDigit) }
            return areNumbers
                ? namesOfNumbers(members.map { ($0.name, $0.value) })
                : namesByNumber(members.map { ($0.name, $0.value) })
        default: return nil
        }
    }

    /// The names of a map from number to name, if the numbers are 0, 1, 2, … or 1, 2, 3, ….
    private static func namesOfNumbers(_ members: [(name: String, value: JSONValue)]) -> [String]? {
        var names: [Int: String] = [:]
        for member in members {
            guard let number = Int(member.name), let name = text(member.value) else { return nil }
            names[number] = name
        }
        let first = names[0] == nil ? 1 : 0
        let ordered = (first..<first + members.count).compactMap { names[$0] }
        return !members.isEmpty && ordered.count == members.count ? ordered : nil
    }

    /// The names of a map from name to number, if the numbers are 0, 1, 2, …, two or more.
    private static func namesByNumber(_ members: [(name: String, value: JSONValue)]) -> [String]? {
        var names: [Int: String] = [:]
        for member in members {
            guard case .integer(let number) = member.value else { return nil }
            names[number] = member.name
        }
        let ordered = (0..<members.count).compactMap { names[$0] }
        return members.count > 1 && ordered.count == members.count ? ordered : nil
    }

    private static func text(_ value: JSONValue) -> String? {
        if case .string(let text) = value { text } else { nil }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
