/// What a call is refused with: its error's description, or "accepted" if it throws nothing. A test compares the whole
/// line, because a call that is refused for another reason than the tested one is not tested.
package func refusal<Result>(_ call: () throws -> Result) -> String {
    do {
        _ = try call()
        return "accepted"
    } catch {
        return "\(error)"
    }
}
