import ArgumentParser
import EmotionFormer
import EmotionFormerCore

/// `--limit NAME=VALUE`: limits on what a model's file may ask for, for every command that reads a model.
struct LimitOptions: ParsableArguments {
    struct Setting: Sendable {
        let name: Limits.Name
        let value: Int
    }

    @Option(
        name: .customLong("limit"),
        help: ArgumentHelp(
            """
            Set a limit on what the model's file may ask for; once for each limit. Names and defaults: \
            \(LimitOptions.defaults).
            """, valueName: "name=value"),
        transform: LimitOptions.setting)
    var settings: [Setting] = []

    /// The default limits, with those that were given replaced.
    var limits: ModelLimits {
        var limits = ModelLimits()
        for setting in settings { limits.values[setting.name] = setting.value }
        return limits
    }

    private static var defaults: String {
        Limits.Name.allCases.map { "\($0.rawValue) \(Limits()[$0])" }.joined(separator: ", ")
    }

    private static func setting(_ text: String) throws -> Setting {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = Limits.Name(rawValue: String(parts[0])) else {
            let names = Limits.Name.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--limit has no such name (found \(text), expected NAME=VALUE with one of \(names))")
        }
        let range = Limits.range(of: name)
        guard let value = Int(parts[1]), range.contains(value) else {
            throw ValidationError(
                "--limit \(name.rawValue) is out of range (found \(parts[1]), expected \(range.lowerBound) to \(range.upperBound))"
            )
        }
        return Setting(name: name, value: value)
    }
}
