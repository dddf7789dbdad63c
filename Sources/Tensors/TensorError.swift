package import EmotionFormerCore

/// The error of every call of this module: what is wrong, where, what was found and what was expected.
public struct TensorError: Error, Hashable, Sendable {
    /// The kind of an error, for programs. People read ``TensorError/description``.
    public enum Code: String, Sendable, CaseIterable {
        /// Shapes that do not fit together, or not what is asked of them. ``TensorError/shapes`` has them.
        case shapeMismatch
        /// An argument that no shape allows: an axis that is not there, a step of 0, a negative extent.
        case invalidArgument
        /// An index or a range outside of its axis.
        case outOfBounds
        /// A shape with more elements than a tensor can have.
        case tooLarge
        /// A file, or a weight of a model, whose elements are of another type.
        case elementTypeMismatch
        /// No file, weight or member of that name.
        case missing
        /// The file cannot be read.
        case unreadableFile
        /// The file is damaged, or not of the kind that was expected.
        case malformedFile
        /// The file cannot be written.
        case writeFailed
    }

    public let code: Code
    /// Where the error is: the operation, or the file and the place in it.
    public let place: String
    /// What is wrong: one sentence without a period.
    public let problem: String
    /// What was found, and what was expected instead; nil where `problem` is enough.
    public let found: String?
    public let expected: String?
    /// The shapes of the operation's operands, in their order; empty where no operand is to blame.
    public let shapes: [[Int]]
    private let line: String

    package init(_ fault: Fault, shapes: [[Int]] = []) {
        code = Code(fault.code)
        place = fault.place
        problem = fault.problem
        found = fault.found
        expected = fault.expected
        self.shapes = shapes
        line = fault.description
    }

    package init(
        _ code: Code, at place: String, _ problem: String, found: String? = nil, expected: String? = nil,
        shapes: [[Int]] = []
    ) {
        let fault = Fault(.invalidArgument, at: place, problem, found: found, expected: expected)
        self.code = code
        self.place = fault.place
        self.problem = fault.problem
        self.found = fault.found
        self.expected = fault.expected
        self.shapes = shapes
        line = fault.description
    }
}

extension TensorError: CustomStringConvertible {
    /// One line: `place: problem (found x, expected y)`.
    public var description: String { line }
}

extension TensorError.Code {
    init(_ code: Fault.Code) {
        switch code {
        case .shapeMismatch, .featureCountMismatch, .layoutMismatch: self = .shapeMismatch
        case .outOfBounds, .overlap: self = .outOfBounds
        case .sizeOverflow, .limitExceeded: self = .tooLarge
        case .elementTypeMismatch: self = .elementTypeMismatch
        case .missingFile, .missingResource, .missingSelfTest, .unknownName: self = .missing
        case .unreadableFile: self = .unreadableFile
        case .writeFailed: self = .writeFailed
        case .malformedJSON, .missingField, .unknownField, .unsupportedVersion, .unsupportedOperation,
            .unsupportedAttribute, .duplicateName, .unusedName, .cyclicGraph, .sizeMismatch, .checksumMismatch,
            .notFinite, .malformedTFLite, .malformedClip, .emptyClip, .selfTestFailed:
            self = .malformedFile
        case .invalidArgument, .invalidValue, .unsupportedProcessor, .cancelled: self = .invalidArgument
        }
    }
}

/// Calls that throw a fault of the modules below, as calls that throw this module's error.
@inline(__always)
func named<Result>(
    _ shapes: @autoclosure () -> [[Int]] = [], _ body: () throws(Fault) -> Result
) throws(TensorError) -> Result {
    do throws(Fault) {
        return try body()
    } catch {
        throw TensorError(error, shapes: shapes())
    }
}

/// What an operator does that cannot throw: the program ends with the error's line.
func unfailing<Result>(_ body: () throws(TensorError) -> Result) -> Result {
    do throws(TensorError) {
        return try body()
    } catch {
        fatalError(error.description)
    }
}
