package import EmotionFormerCore

/// The error of every public call of this module: what is wrong, where, what was found and what was expected.
public struct EmotionFormerError: Error, Hashable, Sendable {
    /// The kind of an error, for programs. People read `description`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
    }

    public let code: Code
    /// Where the error is, from the outermost place to the innermost: `clip.csv: line 3, column 7`.
    public let place: String
    /// What is wrong: one sentence without a period.
    public let problem: String
    /// What was found, and what was expected instead; nil where `problem` is enough.
    public let found: String?
    public let expected: String?
    private let line: String

    package init(_ fault: Fault) {
        code = Code(fault.code)
        place = fault.place
        problem = fault.problem
        found = fault.found
        expected = fault.expected
        line = fault.description
    }
}

extension EmotionFormerError: CustomStringConvertible {
    /// One line: `place: problem (found x, expected y)`.
    public var description: String { line }
}

extension EmotionFormerError.Code {
    init(_ code: Fault.Code) { self.init(rawValue: code.rawValue) }

    // Files
    /// The file does not exist.
    public static let missingFile = Self(.missingFile)
    /// The file cannot be read: it is a folder or a device, or access is denied.
    public static let unreadableFile = Self(.unreadableFile)
    public static let writeFailed = Self(.writeFailed)
    /// A file has more or fewer bytes than its own description says.
    public static let sizeMismatch = Self(.sizeMismatch)
    /// The checksum of some data differs from the one stored with it.
    public static let checksumMismatch = Self(.checksumMismatch)
    /// A version of a file format that this version of the library does not read.
    public static let unsupportedVersion = Self(.unsupportedVersion)

    // Clips
    /// A clip file does not follow its format.
    public static let malformedClip = Self(.malformedClip)
    /// A clip without frames, or without features.
    public static let emptyClip = Self(.emptyClip)
    /// A number that is NaN or infinite, or does not fit a 32-bit float.
    public static let notFinite = Self(.notFinite)
    /// A frame has more or fewer features than the model, or than the clip's other frames.
    public static let featureCountMismatch = Self(.featureCountMismatch)
    /// The clip's landmarks cannot be laid out as the model wants its features.
    public static let layoutMismatch = Self(.layoutMismatch)

    // Model files
    public static let malformedJSON = Self(.malformedJSON)
    public static let malformedTFLite = Self(.malformedTFLite)
    public static let missingField = Self(.missingField)
    public static let unknownField = Self(.unknownField)
    public static let invalidValue = Self(.invalidValue)
    public static let duplicateName = Self(.duplicateName)
    public static let unknownName = Self(.unknownName)
    public static let unusedName = Self(.unusedName)
    public static let cyclicGraph = Self(.cyclicGraph)
    public static let shapeMismatch = Self(.shapeMismatch)
    public static let elementTypeMismatch = Self(.elementTypeMismatch)
    /// A shape has more elements than can be counted.
    public static let sizeOverflow = Self(.sizeOverflow)
    /// Something exceeds its limit: a size, a number of loop rounds, a depth of nesting. See `ModelLimits`.
    public static let limitExceeded = Self(.limitExceeded)
    /// A byte range or an index is out of range.
    public static let outOfBounds = Self(.outOfBounds)
    /// Two byte ranges overlap.
    public static let overlap = Self(.overlap)
    /// The model uses an operation that is not supported.
    public static let unsupportedOperation = Self(.unsupportedOperation)
    /// The model uses an operation with an attribute that is not supported.
    public static let unsupportedAttribute = Self(.unsupportedAttribute)
    /// The model has no self-test.
    public static let missingSelfTest = Self(.missingSelfTest)
    /// The model's outputs differ from those stored in its self-test by more than the tolerance.
    public static let selfTestFailed = Self(.selfTestFailed)

    // Calls
    /// An argument of a call, or a combination of arguments, that makes no sense.
    public static let invalidArgument = Self(.invalidArgument)
    /// The bundled model was not found.
    public static let missingResource = Self(.missingResource)
    /// This machine lacks the instruction set that was asked for.
    public static let unsupportedProcessor = Self(.unsupportedProcessor)
    /// The task was cancelled.
    public static let cancelled = Self(.cancelled)

    /// Every code, for programs that document or translate them.
    public static let all: [Self] = Fault.Code.allCases.map { Self($0) }
}

/// Runs `body` and throws its internal fault as the public error.
func publicly<Result>(_ body: () throws(Fault) -> Result) throws(EmotionFormerError) -> Result {
    do throws(Fault) {
        return try body()
    } catch {
        throw EmotionFormerError(error)
    }
}
