public import EmotionFormer
package import EmotionFormerCore
package import EmotionFormerEngine
import EmotionFormerFiles

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The networks of a task file (MediaPipe's `face_landmarker.task`), compiled. They are immutable: any number of
/// landmarkers share them, on any threads.
///
/// ```swift
/// let models = try FaceLandmarkerModels(contentsOf: url)
/// let (left, right) = (try FaceLandmarker(models), try FaceLandmarker(models))
/// ```
public final class FaceLandmarkerModels: Sendable {
    let detector: LandmarkerNetwork
    let mesh: LandmarkerNetwork
    let blendshapes: LandmarkerNetwork

    /// - Parameters:
    ///   - url: a file URL.
    ///   - threads: the number of threads that one picture may use, its caller's included.
    ///   - instructionSet: as in ``EmotionModel/Options/instructionSet``.
    /// - Throws: what is wrong with the file: one that is missing, cut short, or without the three networks, or with
    ///   networks that take or give something else, or that do not state how a picture's bytes become their numbers; `invalidArgument` for a number of threads that is out of range;
    ///   `unsupportedProcessor`.
    public convenience init(
        contentsOf url: URL, threads: Int = 1, instructionSet: EmotionModel.InstructionSet? = nil
    ) throws(EmotionFormerError) {
        guard url.isFileURL else {
            throw EmotionFormerError(
                Fault(.invalidArgument, at: url.absoluteString, "only files are read", expected: "a file URL"))
        }
        try self.init(path: url.path, threads: threads, instructionSet: instructionSet)
    }

    /// Reads the file at a path like `init(contentsOf:threads:instructionSet:)`.
    public convenience init(
        path: String, threads: Int = 1, instructionSet: EmotionModel.InstructionSet? = nil
    ) throws(EmotionFormerError) {
        do throws(Fault) {
            guard (1...1024).contains(threads) else {
                throw Fault(
                    .invalidArgument, at: "threads", "the number of threads is out of range", found: "\(threads)",
                    expected: "1 to 1024")
            }
            let options = try PlanOptions(
                instructionSetNamed: instructionSet?.rawValue, environment: ProcessInfo.processInfo.environment,
                threads: threads)
            let bytes = try ByteSource.path(path).bytes(limit: FaceLandmarkerModels.largestFile)
            try self.init(bytes, name: path, options)
        } catch {
            throw EmotionFormerError(error)
        }
    }

    /// - Parameters:
    ///   - bytes: a whole task file.
    ///   - name: of the file, in front of what is wrong.
    package init(_ bytes: [UInt8], name: String, _ options: PlanOptions) throws(Fault) {
        do throws(Fault) {
            let archive = try Fault.reading(.invalidValue, try ZipArchive(bytes))
            detector = try archive.network(.faceDetector, options)
            mesh = try archive.network(.faceMesh, options)
            blendshapes = try archive.network(.faceBlendshapes, options)
        } catch {
            throw error.within(name)
        }
    }

    /// Bytes of a task file; MediaPipe's has 3.8 million.
    private static let largestFile = 1 << 28
}

extension LandmarkerNetwork.Form {
    static let faceDetector = Self(
        name: "face_detector.tflite", input: [1, FaceDetector.side, FaceDetector.side, 3],
        outputs: [[1, FaceDetector.anchorCount, 16], [1, FaceDetector.anchorCount, 1]],
        pixels: .init(mean: 127.5, deviation: 127.5))
    /// The third output, whether the tongue is out, is not used.
    static let faceMesh = Self(
        name: "face_landmarks_detector.tflite", input: [1, FaceMesh.side, FaceMesh.side, 3],
        outputs: [[1, 1, 1, FaceMesh.landmarkCount * 3], [1, 1, 1, 1]],
        pixels: .init(mean: 0, deviation: 255))
    static let faceBlendshapes = Self(
        name: "face_blendshapes.tflite", input: [1, FaceBlendshapes.landmarks.count, 2],
        outputs: [[FaceBlendshapes.names.count]], pixels: nil)
}

extension ZipArchive {
    fileprivate func network(
        _ form: LandmarkerNetwork.Form, _ options: PlanOptions
    ) throws(Fault) -> LandmarkerNetwork {
        guard let member = members.first(where: { $0.name == form.name }) else {
            throw Fault(
                .missingField, at: "archive", "this is not MediaPipe's face landmarker: a network is missing",
                found: members.isEmpty ? "no members" : members.map(\.name).joined(separator: ", "),
                expected: form.name)
        }
        let contents: ArraySlice<UInt8>
        do throws(FileFormatError) {
            contents = try self.contents(of: member)
        } catch {
            throw error.within(form.name).fault(malformed: .invalidValue)
        }
        return try LandmarkerNetwork(Array(contents), form, options: options)
    }
}
