/// A parameter of a conversion or of a model, as messages name it. A program that has another name for it puts that in
/// place of the description.
package enum Parameter: String, CaseIterable, CustomStringConvertible {
    case mean, standardDeviation, labels, layout
    case fromSigmoid
    case missingValue
    /// The importer, which knows no such type, writes the same words.
    case signature

    package var description: String { "the parameter '\(rawValue)'" }
}
