import EmotionFormer
import EmotionFormerLandmarks

/// Finds the face of each frame of one clip.
final class FaceFinder {
    struct Settings: Sendable {
        /// Whether every frame is looked at by itself: no tracking, no smoothing.
        var isStill = false
        var confidence: Float = 0.5
        var rule = FaceChoice.Rule.first
        /// The faces that the rule chooses from; of more than one MediaPipe does not smooth the landmarks.
        var mostFaces = 4
    }

    private let landmarker: FaceLandmarker
    private let isStill: Bool
    private var choice: FaceChoice
    private var clock = RisingMilliseconds()
    private var result = FaceLandmarkerResult()

    init(_ models: FaceLandmarkerModels, _ settings: Settings = Settings()) throws(EmotionFormerError) {
        let options = FaceLandmarkerOptions(
            runningMode: settings.isStill ? .image : .video, numFaces: settings.rule == .first ? 1 : settings.mostFaces,
            minFaceDetectionConfidence: settings.confidence, minFacePresenceConfidence: settings.confidence)
        landmarker = try FaceLandmarker(models, options: options)
        isStill = settings.isStill
        choice = FaceChoice(settings.rule)
    }

    /// The 478 landmarks of the clip's face in the next frame; nil for a frame without it.
    func face(in picture: TimedPicture) throws(EmotionFormerError) -> [SIMD3<Float>]? {
        let milliseconds = clock.next(picture.time)
        try picture.pixels.withUnsafeBytes { bytes in
            Result { () throws(EmotionFormerError) in
                if isStill {
                    try landmarker.detect(
                        bytes, format: .rgb, width: picture.width, height: picture.height, into: &result)
                } else {
                    try landmarker.detect(
                        bytes, format: .rgb, width: picture.width, height: picture.height,
                        timestampInMilliseconds: milliseconds, into: &result)
                }
            }
        }.get()
        let faces = result.faces.map(\.landmarks)
        return choice.choose(faces, width: picture.width, height: picture.height).map { faces[$0] }
    }
}
