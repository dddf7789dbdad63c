package import EmotionFormerTensors

/// What every public call of this module throws: what was wrong, where, what was found and what was expected.
public struct EmotionFormerError: Error, Hashable, Sendable {
    /// The kind of an error; programs switch on it, people read `description`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
    }

    public let code: Code
    /// The file, tensor, node, line or frame at fault, from the outside in: `clip.csv: line 3, column 7`.
    public let place: String
    /// One sentence without a full stop: what is wrong.
    public let problem: String
    /// What was there instead of what is `expected`; nil where the problem says it all.
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
    /// There is no file of that name.
    public static let missingFile = Self(.missingFile)
    /// The file cannot be read: a folder, or not permitted.
    public static let unreadableFile = Self(.unreadableFile)
    public static let writeFailed = Self(.writeFailed)
    /// A file has more or fewer bytes than it declares.
    public static let sizeMismatch = Self(.sizeMismatch)
    /// Data whose checksum is not the one stored with it.
    public static let checksumMismatch = Self(.checksumMismatch)
    /// A file format's version that this version does not read.
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
    /// Something is larger than is sensible: a stream, a loop, a nesting.
    public static let limitExceeded = Self(.limitExceeded)
    /// A byte range or an index lies outside what it points into.
    public static let outOfBounds = Self(.outOfBounds)
    /// Two byte ranges overlap.
    public static let overlap = Self(.overlap)
    /// A model uses an operation that this version does not run.
    public static let unsupportedOperation = Self(.unsupportedOperation)
    /// A model uses an operation in a way that this version does not run.
    public static let unsupportedAttribute = Self(.unsupportedAttribute)
    /// The model has no self-test.
    public static let missingSelfTest = Self(.missingSelfTest)
    /// The model's outputs are not those stored with it.
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

/// Runs the module's inside and hands its faults out as the public error.
func publicly<Result>(_ body: () throws(Fault) -> Result) throws(EmotionFormerError) -> Result {
    do throws(Fault) {
        return try body()
    } catch {
        throw EmotionFormerError(error)
    }
}
