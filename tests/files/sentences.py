"""Texts of many languages, written for these tests, and the encodings that files of them have."""

from __future__ import annotations

import unicodedata

# By language: encodings, then a text of about 300 characters.
_TEXTS = {
    "English": (
        "cp1252 mac_roman",
        "The court’s decision of 12 May was “final and binding”, as counsel put it — and so the "
        "café on the corner, which had asked for £40,000 and got €15,000 instead, closed its "
        "doors. Nobody had expected that. “We’ll see,” said the owner, whose résumé included "
        "twenty years of naïve optimism, “what the landlord’s next letter brings.”",
    ),
    "French": (
        "cp1252 iso8859-15 mac_roman cp850",
        "Le locataire s'engage à payer le loyer à la date prévue, même si les travaux ne sont "
        "pas achevés. Où l'été a été sec, la récolte a souffert ; les élèves, eux, étaient déjà "
        "rentrés à l'école. Après de longues années, le château fut rénové grâce à l'aide "
        "généreuse d'un mécène étranger, qui préférait ne pas être nommé.",
    ),
    "German": (
        "cp1252 iso8859-15 mac_roman cp850",
        "Der Mieter verpflichtet sich, die Räume pfleglich zu behandeln und Schäden unverzüglich "
        "zu melden. Für größere Änderungen ist die schriftliche Zustimmung des Vermieters nötig. "
        "Die Kündigungsfrist beträgt drei Monate; über Ausnahmen müssen sich beide Parteien "
        "verständigen. Außerdem hört man, daß die Straße im nächsten Frühjahr aufgerissen wird.",
    ),
    "Spanish": (
        "cp1252 iso8859-15 mac_roman cp850",
        "El señor Muñoz llegó tarde a la reunión porque el tren salió con más de una hora de "
        "retraso. ¿Quién habría pensado que la estación estaría cerrada? Según el periódico, la "
        "situación económica mejorará el próximo año, aunque todavía no está claro cómo ni "
        "cuándo. Los niños jugaban en el jardín y nadie les prestó atención.",
    ),
    "Portuguese": (
        "cp1252 iso8859-15 mac_roman cp850",
        "A comissão não chegou a uma conclusão sobre as questões que lhe foram apresentadas. "
        "Também não é possível saber se a situação será resolvida até ao fim do mês. Três irmãos "
        "viviam numa aldeia junto ao mar; a mãe ensinava as crianças, o avô contava histórias de "
        "navegações e de corações partidos.",
    ),
    "Italian": (
        "cp1252 iso8859-15 mac_roman cp850",
        "La città è più bella di sera, quando il traffico diminuisce e si può passeggiare lungo "
        "il fiume. Perché il comune abbia deciso così, nessuno lo sa: la verità è che mancava la "
        "volontà. Però qualcosa cambierà già da lunedì, quando entrerà in vigore la nuova legge "
        "sulla proprietà, che ridurrà di metà le spese.",
    ),
    "Catalan": (
        "cp1252 iso8859-15 mac_roman",
        "L'acció de govern haurà de respondre a les necessitats dels ciutadans, i això és més "
        "difícil del que sembla. Què passarà si l'any vinent no hi ha prou diners? La qüestió és "
        "oberta. Els veïns de la plaça, però, ja han començat a organitzar-se: volen que "
        "l'església i el mercat siguin rehabilitats.",
    ),
    "Swedish": (
        "cp1252 iso8859-15 mac_roman cp850",
        "Hyresgästen är skyldig att betala hyran i förskott. När våren kommer börjar fåglarna "
        "bygga sina bon, och då är det svårt att hålla sig inomhus. Många frågade sig varför "
        "rådet hade beslutat så, men ingen vågade säga något. Från och med nästa år gäller "
        "särskilda regler för äldre bilar.",
    ),
    "Danish": (
        "cp1252 iso8859-15 mac_roman cp850",
        "Lejeren er forpligtet til at betale huslejen rettidigt. Når foråret kommer, begynder "
        "fuglene at bygge rede, og så er det svært at blive inden døre. Mange spurgte, hvorfor "
        "rådet havde besluttet sådan, men ingen turde sige noget højt. Fra næste år gælder "
        "særlige regler for ældre køretøjer på øerne.",
    ),
    "Finnish": (
        "cp1252 iso8859-15 mac_roman",
        "Vuokralainen on velvollinen maksamaan vuokran määräajassa. Kun kevät tulee, linnut "
        "alkavat rakentaa pesiään, ja silloin on vaikea pysyä sisällä. Moni kysyi, miksi "
        "neuvosto oli päättänyt näin, mutta kukaan ei uskaltanut sanoa mitään ääneen. Ensi "
        "vuonna tämä säännös lähtee lausunnolle, ja työryhmä jättää esityksensä.",
    ),
    "Dutch": (
        "cp1252 iso8859-15",
        "De huurder verplicht zich de ruimte als een goed huisvader te onderhouden. Eén van de "
        "ideeën was om België en Nederland gezamenlijk te laten beslissen; de coördinatie "
        "daarvan bleek echter moeilijker dan gedacht. In het café zaten twee reünisten die hun "
        "geïnde premies natelden, vóór zij naar huis gingen.",
    ),
    "Icelandic": (
        "cp1252",
        "Leigjandi skal greiða húsaleigu fyrsta dag hvers mánaðar. Þegar vorið kemur fara "
        "fuglarnir að byggja hreiður, og þá er erfitt að vera inni. Margir spurðu hvers vegna "
        "ráðið hefði ákveðið þetta, en enginn þorði að segja neitt. Á næsta ári gilda sérstakar "
        "reglur um eldri bíla, og það er ætlun stjórnarinnar að þær verði einfaldaðar.",
    ),
    "Polish": (
        "cp1250 iso8859-2 cp852",
        "Najemca zobowiązuje się płacić czynsz w terminie. Gdy nadchodzi wiosna, ptaki zaczynają "
        "budować gniazda i trudno wtedy usiedzieć w domu. Wielu pytało, dlaczego rada podjęła "
        "taką decyzję, ale nikt nie śmiał nic powiedzieć głośno. Od przyszłego roku obowiązywać "
        "będą szczególne przepisy dla starszych pojazdów, także tych, które jeżdżą rzadko.",
    ),
    "Czech": (
        "cp1250 iso8859-2 cp852",
        "Nájemce je povinen platit nájemné včas. Když přijde jaro, ptáci začnou stavět hnízda a "
        "je těžké zůstat doma. Mnozí se ptali, proč rada rozhodla právě takto, ale nikdo se "
        "neodvážil říci nic nahlas. Od příštího roku budou platit zvláštní předpisy pro starší "
        "vozidla, i pro ta, která jezdí jen zřídka. Žádný úředník to však nevysvětlil.",
    ),
    "Slovak": (
        "cp1250 iso8859-2",
        "Nájomca je povinný platiť nájomné včas. Keď príde jar, vtáky začnú stavať hniezda a je "
        "ťažké zostať doma. Mnohí sa pýtali, prečo rada rozhodla práve takto, ale nikto sa "
        "neodvážil povedať nič nahlas. Od budúceho roka budú platiť osobitné predpisy pre "
        "staršie vozidlá, aj pre tie, ktoré jazdia len zriedka. Ľudia s tým však nesúhlasia.",
    ),
    "Hungarian": (
        "cp1250 iso8859-2 cp852",
        "A bérlő köteles a bérleti díjat határidőre megfizetni. Amikor eljön a tavasz, a madarak "
        "fészket kezdenek építeni, és nehéz otthon maradni. Sokan kérdezték, miért döntött így a "
        "tanács, de senki sem mert hangosan szólni. Jövőre különleges előírások lesznek "
        "érvényesek a régebbi járművekre, azokra is, amelyek csak ritkán közlekednek, és erről "
        "még gyűlést tartanak.",
    ),
    "Croatian": (
        "cp1250 iso8859-2",
        "Najmoprimac je dužan plaćati najamninu na vrijeme. Kad dođe proljeće, ptice počinju "
        "graditi gnijezda i teško je ostati kod kuće. Mnogi su pitali zašto je vijeće tako "
        "odlučilo, ali se nitko nije usudio ništa reći naglas. Sljedeće godine vrijedit će "
        "posebni propisi za starija vozila, pa i za ona koja se rijetko koriste.",
    ),
    "Slovenian": (
        "cp1250 iso8859-2",
        "Najemnik je dolžan plačevati najemnino pravočasno. Ko pride pomlad, začnejo ptice "
        "graditi gnezda in težko je ostati doma. Mnogi so vprašali, zakaj je svet tako odločil, "
        "vendar si nihče ni upal ničesar reči na glas. Od prihodnjega leta bodo veljali posebni "
        "predpisi za starejša vozila, tudi za tista, ki se le redko uporabljajo.",
    ),
    "Romanian": (
        "cp1250 iso8859-2",
        "Chiriaşul este obligat să plătească chiria la timp. Când vine primăvara, păsările încep "
        "să-şi construiască cuiburi şi e greu să rămâi în casă. Mulţi au întrebat de ce "
        "consiliul a hotărât astfel, dar nimeni n-a îndrăznit să spună nimic. De anul viitor se "
        "vor aplica reguli speciale pentru maşinile mai vechi şi pentru proprietarii lor.",
    ),
    "Turkish": (
        "cp1254 iso8859-9 cp857",
        "İstanbul'da imzalanan sözleşmeye göre kiracı, kirayı zamanında ödemekle yükümlüdür. "
        "Bahar gelince kuşlar yuva yapmaya başlar ve evde oturmak güçleşir. Birçok kişi kurulun "
        "neden böyle karar verdiğini sordu, ama kimse yüksek sesle bir şey söylemeye cesaret "
        "edemedi. Gelecek yıldan itibaren eski araçlar için özel kurallar geçerli olacak.",
    ),
    "Lithuanian": (
        "cp1257 iso8859-13",
        "Nuomininkas įsipareigoja laiku mokėti nuomos mokestį. Atėjus pavasariui paukščiai "
        "pradeda sukti lizdus ir sunku išbūti namuose. Daugelis klausė, kodėl taryba taip "
        "nusprendė, bet niekas neišdrįso garsiai ką nors pasakyti. Nuo kitų metų senesniems "
        "automobiliams galios ypatingos taisyklės, taip pat ir tiems, kuriais važinėjama retai.",
    ),
    "Latvian": (
        "cp1257 iso8859-13",
        "Īrniekam ir pienākums laikus maksāt īres maksu. Kad pienāk pavasaris, putni sāk vīt "
        "ligzdas, un ir grūti palikt mājās. Daudzi jautāja, kāpēc padome tā nolēmusi, bet "
        "neviens neuzdrošinājās skaļi kaut ko teikt. No nākamā gada vecākām automašīnām būs "
        "spēkā īpaši noteikumi, arī tām, ar kurām brauc tikai reti.",
    ),
    "Estonian": (
        "cp1257 cp1252",
        "Üürnik on kohustatud maksma üüri õigeaegselt. Kui tuleb kevad, hakkavad linnud pesi "
        "ehitama ja siis on raske toas püsida. Paljud küsisid, miks nõukogu nii otsustas, aga "
        "keegi ei julgenud midagi valjusti öelda. Järgmisest aastast kehtivad vanematele "
        "sõidukitele erilised eeskirjad, ka neile, millega sõidetakse harva, ja nõuded on "
        "täpsemad.",
    ),
    "Russian": (
        "cp1251 koi8-r iso8859-5 cp866 mac_cyrillic",
        "Арендатор обязуется своевременно вносить арендную плату. Когда приходит весна, птицы "
        "начинают вить гнёзда, и трудно усидеть дома. Многие спрашивали, почему совет принял "
        "такое решение, но никто не осмелился сказать что-нибудь вслух. С будущего года для "
        "старых машин вводятся особые правила. Этого объяснения, однако, никто не услышал.",
    ),
    "Ukrainian": (
        "cp1251 koi8-u",
        "Орендар зобов'язаний вчасно сплачувати оренду. Коли приходить весна, птахи починають "
        "вити гнізда, і важко всидіти вдома. Багато хто питав, чому рада ухвалила таке рішення, "
        "але ніхто не наважився сказати щось уголос. Із наступного року для старих автомобілів "
        "діятимуть особливі правила. Їх, щоправда, ще не оприлюднено.",
    ),
    "Bulgarian": (
        "cp1251 iso8859-5",
        "Наемателят е длъжен да плаща наема навреме. Когато дойде пролетта, птиците започват да "
        "строят гнезда и е трудно човек да остане у дома. Мнозина питаха защо съветът е решил "
        "така, но никой не посмя да каже нищо на глас. От следващата година ще важат особени "
        "правила за по-старите превозни средства.",
    ),
    "Serbian": (
        "cp1251",
        "Закупац је дужан да плаћа закупнину на време. Кад дође пролеће, птице почињу да граде "
        "гнезда и тешко је остати код куће. Многи су питали зашто је веће тако одлучило, али се "
        "нико није усудио да ишта каже наглас. Од следеће године важиће посебни прописи за "
        "старија возила.",
    ),
    "Greek": (
        "cp1253 iso8859-7 cp737",
        "Ο μισθωτής υποχρεούται να καταβάλλει εγκαίρως το μίσθωμα. Όταν έρχεται η άνοιξη, τα "
        "πουλιά αρχίζουν να χτίζουν φωλιές και είναι δύσκολο να μείνει κανείς στο σπίτι. Πολλοί "
        "ρώτησαν γιατί το συμβούλιο αποφάσισε έτσι, αλλά κανείς δεν τόλμησε να πει τίποτα "
        "δυνατά. Από το επόμενο έτος θα ισχύουν ειδικοί κανόνες για τα παλαιότερα οχήματα.",
    ),
    "Hebrew": (
        "cp1255 iso8859-8",
        "השוכר מתחייב לשלם את דמי השכירות במועד. כאשר מגיע האביב מתחילות הציפורים לבנות קנים "
        "וקשה להישאר בבית. רבים שאלו מדוע החליטה המועצה כך, אבל איש לא העז לומר דבר בקול. החל "
        "מהשנה הבאה יחולו כללים מיוחדים על כלי רכב ישנים, גם על אלה שנוסעים בהם רק לעתים רחוקות, "
        "וזאת בלי הסבר.",
    ),
    "Arabic": (
        "cp1256 iso8859-6",
        "يلتزم المستأجر بدفع الإيجار في موعده. عندما يأتي الربيع تبدأ الطيور في بناء أعشاشها "
        "ويصعب البقاء في البيت. سأل كثيرون لماذا قرر المجلس ذلك، لكن أحدا لم يجرؤ على قول شيء "
        "بصوت عال. ابتداء من العام القادم ستطبق قواعد خاصة على السيارات القديمة، حتى تلك التي "
        "نادرا ما تستعمل.",
    ),
    "Vietnamese": (
        "cp1258",
        "Người thuê nhà có nghĩa vụ trả tiền thuê đúng hạn. Khi mùa xuân đến, chim bắt đầu làm "
        "tổ và thật khó ở trong nhà. Nhiều người hỏi vì sao hội đồng quyết định như vậy, nhưng "
        "không ai dám nói to điều gì. Từ năm sau sẽ có những quy định đặc biệt cho các xe cũ, kể "
        "cả những xe ít khi được sử dụng.",
    ),
    "Thai": (
        "cp874",
        "ผู้เช่ามีหน้าที่ชำระค่าเช่าตามกำหนดเวลา เมื่อฤดูใบไม้ผลิมาถึง นกก็เริ่มสร้างรัง และยากที่จะอยู่แต่ในบ้าน "
        "หลายคนถามว่าทำไมสภาจึงตัดสินใจเช่นนั้น แต่ไม่มีใครกล้าพูดอะไรออกมาดังๆ "
        "ตั้งแต่ปีหน้าจะมีกฎพิเศษสำหรับรถยนต์เก่า รวมทั้งรถที่ใช้งานไม่บ่อยด้วย",
    ),
    "Japanese": (
        "cp932 euc_jp iso2022_jp",
        "賃借人は期日までに家賃を支払わなければならない。春が来ると鳥たちは巣を作りはじめ、家の中"
        "にいるのがむずかしくなる。なぜ評議会がそのように決めたのかと多くの人がたずねたが、声に出"
        "して何かを言う勇気のある者はいなかった。来年からは古い自動車について特別な規則が適用され"
        "る。めったに使われない車も同じである。カタカナの言葉、たとえばコンピューターやインターネ"
        "ットも文章によく出てくる。それでも説明はどこにもなかった。",
    ),
    "Korean": (
        "cp949",
        "임차인은 기한 내에 임대료를 지불해야 한다. 봄이 오면 새들이 둥지를 짓기 시작하고 집 안에"
        " 머물기가 어려워진다. 많은 사람들이 의회가 왜 그렇게 결정했는지 물었지만 아무도 소리 내"
        "어 말할 용기를 내지 못했다. 내년부터는 오래된 자동차에 대해 특별한 규칙이 적용된다. 드물"
        "게 사용되는 차도 마찬가지이다. 그러나 설명은 어디에도 없었다.",
    ),
    "Chinese": (
        "gb18030",
        "承租人应当按时支付租金。春天来了，鸟儿开始筑巢，人们很难待在家里。很多人问为什么委员会作"
        "出这样的决定，但是没有人敢大声说出来。从明年开始，对旧车将实行特别的规定，对于很少使用的"
        "车也是一样。不过，我们在任何地方都没有看到解释。双方如果发生争议，应当首先通过协商解决；"
        "协商不成的，可以向法院提起诉讼。这份合同自双方签字之日起生效，有效期为三年。",
    ),
    "Chinese, traditional": (
        "big5",
        "承租人應當按時支付租金。春天來了，鳥兒開始築巢，人們很難待在家裡。很多人問為什麼委員會作"
        "出這樣的決定，但是沒有人敢大聲說出來。從明年開始，對舊車將實行特別的規定，對於很少使用的"
        "車也是一樣。不過，我們在任何地方都沒有看到解釋。雙方如果發生爭議，應當首先通過協商解決；"
        "協商不成的，可以向法院提起訴訟。這份合約自雙方簽字之日起生效，有效期為三年。",
    ),
}
_TONES = "\u0300\u0301\u0303\u0309\u0323"

TEXTS = {
    (language, encoding): text
    for language, (encodings, text) in _TEXTS.items()
    for encoding in encodings.split()
}


def encode(text: str, encoding: str) -> bytes:
    """The text as bytes, without the characters that the encoding lacks."""
    if encoding == "cp1258":
        text = "".join(map(_tone_apart, unicodedata.normalize("NFC", text)))
    return text.encode(encoding, "ignore")


def _tone_apart(character: str) -> str:
    """A Vietnamese letter as Windows-1258 has it: tones are characters of their own."""
    try:
        character.encode("cp1258")
        return character
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFD", character)
        letter = "".join(part for part in parts if part not in _TONES)
        tone = "".join(part for part in parts if part in _TONES)
        return unicodedata.normalize("NFC", letter) + tone
