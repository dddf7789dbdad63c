import ArgumentParser
import EmotionFormerModelFormat

/// What inputs and outputs mean where the graph does not say; `Tools/export` has the same options.
struct MeaningOptions: ParsableArguments {
    typealias Role = ImportOptions.Statement<InputSpecification.Role.Name>
    typealias Kind = ImportOptions.Statement<OutputSpecification.Kind>

    @Option(
        name: .customLong("input-role"),
        help: ArgumentHelp(
            "What an input holds (\(MeaningOptions.names(InputSpecification.Role.Name.self))); without a name the first.",
            valueName: "name=role"), transform: { try MeaningOptions.statement($0, "input-role") })
    var roles: [Role] = []

    @Option(
        name: .customLong("output-kind"),
        help: ArgumentHelp(
            "What an output's numbers are (\(MeaningOptions.names(OutputSpecification.Kind.self))); without a name the first.",
            valueName: "name=kind"), transform: { try MeaningOptions.statement($0, "output-kind") })
    var kinds: [Kind] = []

    /// Whether the user said of the main output what it is.
    func isAbout(outputs: [OutputSpecification]) -> Bool {
        kinds.contains { $0.name == nil || $0.name == outputs.first?.name }
    }

    private static func names<Meaning: RawRepresentable<String> & CaseIterable>(_ type: Meaning.Type) -> String {
        Meaning.allCases.map(\.rawValue).joined(separator: ", ")
    }

    /// `ROLE` or `NAME=ROLE`; a name may hold an equals sign.
    private static func statement<Meaning: RawRepresentable<String> & CaseIterable & Sendable>(
        _ text: String, _ option: String
    ) throws -> ImportOptions.Statement<Meaning> {
        let cut = text.lastIndex(of: "=")
        let word = cut.map { String(text[text.index(after: $0)...]) } ?? text
        guard let meaning = Meaning(rawValue: word) else {
            throw ValidationError("--\(option) is unknown (found \(word), expected \(names(Meaning.self)))")
        }
        return ImportOptions.Statement(name: cut.map { String(text[..<$0]) }, meaning: meaning)
    }
}
