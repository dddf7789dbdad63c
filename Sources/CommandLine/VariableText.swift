import EmotionFormerCore
import EmotionFormerGraph

/// What the commands say of models with variables.
enum VariableText {
    /// What becomes of the variables between the rows of a file.
    static func rows(ofOne file: String, areReset: Bool = false) -> String {
        areReset
            ? "the model has variables, and every row begins as a new session does"
            : "the model has variables: the rows of one \(file) follow each other in time, each with the variables that "
                + "the row before left"
    }

    static let noReport =
        "--report shows windows that share frames, and the model hands variables on from window to window: leave it out"

    static func noOverlap(hop: Int, window: Int) -> String {
        "the model hands variables on from window to window, so windows must not share frames: give --hop \(window) or "
            + "more, or leave it out (found \(hop))"
    }

    /// `state0: int8 [1, 3, 4]`
    static func text(_ name: String, _ type: ValueType) -> String { "\(PrintedText.line(name)): \(type)" }
}
