/** A short two-tone sound for a new offer; made here, so that no file is loaded. */
import { sound } from "./preferences";

export function chime(): void {
  if (sound.value !== "on") return;
  const audio = new AudioContext();
  const tone = (frequency: number, startS: number) => {
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, audio.currentTime + startS);
    volume.gain.exponentialRampToValueAtTime(0.12, audio.currentTime + startS + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + startS + 0.35);
    source.connect(volume).connect(audio.destination);
    source.start(audio.currentTime + startS);
    source.stop(audio.currentTime + startS + 0.4);
  };
  tone(659, 0);
  tone(880, 0.14);
  setTimeout(() => void audio.close(), 1_000);
}
