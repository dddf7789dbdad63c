/// A parameter of a conversion, as messages name it. A program that has another name for it puts that in place of the
/// description.
package enum Parameter: String, CaseIterable, CustomStringConvertible {
    case mean, standardDeviation, labels, layout
    case fromSigmoid
    case missingValue

    package var description: String { "the parameter '\(rawValue)'" }
}
