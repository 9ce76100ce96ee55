"""What readers of many languages expect when they look for words, row by row.

A row tells what is asked and, of each document, what becomes of it. Those of one row are looked
through as if there were no others; what comes first is indexed last, so that no tie helps it.
Characters that nobody sees are written as escapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A question and its documents.

    Attributes
    ----------
    language
        That of the reader.
    question
        What is asked.
    first
        Come before all others, in any order.
    found
        Are found.
    behind
        May be found, but not before those that come first.
    absent
        Are not found.
    """

    language: str
    question: str
    first: Sequence[str] = ()
    found: Sequence[str] = ()
    behind: Sequence[str] = ()
    absent: Sequence[str] = ()

    @property
    def documents(self) -> list[str]:
        """All of them, those that come first at the end."""
        return [*self.absent, *self.behind, *self.found, *self.first]


_LETTERS_AND_DIGITS_IN_EAST_ASIAN_TEXTS = [
    Row(
        "Chinese",
        "2023年",
        first=["我们的合同于2023年签订。"],
        behind=["我们的合同于2022年签订。", "合同每年续签一次。"],
    ),
    Row(
        "Chinese",
        "2023年合同金额是多少",
        first=["2023年合同金额为五十万元。"],
        behind=["2022年合同金额为四十万元。", "多少年来，本公司都是按时付款的。"],
    ),
    Row(
        "Chinese",
        "5G网络",
        first=["公司计划在全国部署5G网络。"],
        behind=["公司计划在全国部署4G网络。", "网络安全由专人负责。"],
    ),
    Row(
        "Chinese",
        "iPhone手机",
        first=["苹果公司发布了新款iPhone手机。"],
        behind=["这款手机由国内公司生产。"],
    ),
    Row(
        "Chinese",
        "iphone",
        first=["苹果公司发布了新款iPhone手机。"],
        absent=["这款手机由国内公司生产。"],
    ),
    Row(
        "Chinese",
        "A股",
        first=["A股市场今日收涨。"],
        behind=["B股市场今日收跌。", "股东大会通过了分红方案。"],
    ),
    Row(
        "Chinese",
        "第12条",
        first=["第12条 违约责任由双方承担。"],
        behind=["第11条 违约责任由双方承担。", "第2条 本合同共12页。"],
    ),
    Row(
        "Chinese",
        "500万元",
        first=["公司注册资本为500万元人民币。"],
        behind=["公司注册资本为50万元人民币。"],
    ),
    Row("Chinese", "T恤", first=["这件T恤是纯棉的。"], absent=["这件衬衫是纯棉的。"]),
    Row(
        "Chinese",
        "Windows",
        first=["请在Windows电脑上安装本软件。"],
        absent=["请在苹果电脑上安装本软件。"],
    ),
    Row(
        "Chinese",
        "二〇二三",
        first=["本协议于二〇二三年五月生效。"],
        behind=["本协议于二〇二二年五月生效。", "本协议于十二月失效。"],
    ),
    Row(
        "Chinese (traditional)",
        "5G網路",
        first=["電信公司宣布推出5G網路服務。"],
        behind=["電信公司宣布停用3G網路服務。"],
    ),
    Row(
        "Chinese (traditional)",
        "民國112年",
        first=["本契約於民國112年簽訂。"],
        behind=["本契約於民國111年簽訂。"],
    ),
    Row(
        "Japanese",
        "ABC商事",
        first=["株式会社ABC商事との契約を締結した。"],
        behind=["株式会社XYZ商事との契約を締結した。"],
    ),
    Row(
        "Japanese",
        "佐々木",
        first=["担当者は佐々木健一です。"],
        behind=["担当者は佐藤健一です。", "担当者は鈴木健一です。"],
    ),
    Row(
        "Japanese",
        "USB端子",
        first=["側面にUSB端子があります。"],
        behind=["側面にHDMI端子があります。"],
    ),
    Row(
        "Japanese",
        "第3四半期",
        first=["第3四半期の売上は増加した。"],
        behind=["第2四半期の売上は増加した。"],
    ),
    Row(
        "Japanese",
        "令和5年",
        first=["令和5年の契約書を保管する。"],
        behind=["令和4年の契約書を保管する。"],
    ),
    Row(
        "Korean",
        "3법",
        first=["임대차 3법이 국회를 통과했다."],
        behind=["임대차 2법이 국회를 통과했다.", "이 법은 3월에 시행된다."],
    ),
    Row(
        "Korean",
        "2023년",
        first=["계약은 2023년 5월에 체결되었다."],
        behind=["계약은 2022년 5월에 체결되었다."],
    ),
    Row(
        "Korean",
        "G20",
        first=["G20정상회의가 서울에서 열렸다."],
        absent=["정상회의가 부산에서 열렸다."],
    ),
    Row(
        "Korean",
        "KBS뉴스",
        first=["어제 KBS뉴스에서 보도했다."],
        behind=["어제 MBC뉴스에서 보도했다."],
    ),
    Row(
        "Chinese",
        "C++",
        first=["招聘C++程序员。"],
        behind=["招聘C语言程序员。", "招聘Java程序员。"],
    ),
    Row("Chinese", "C#", first=["使用C#开发软件。"], behind=["使用C开发软件。"]),
    Row("Chinese", ".NET", first=["熟悉.NET开发。"], behind=["熟悉Net开发。"]),
    Row(
        "Chinese",
        "v1.2.3",
        first=["已修复版本v1.2.3中的错误。"],
        behind=["已修复版本v1.3.2中的错误。"],
    ),
    Row(
        "Korean",
        "R&D센터",
        first=["본사는 R&D센터를 설립했다."],
        behind=["본사는 물류센터를 설립했다."],
    ),
    Row("Japanese", "3.2(b)", first=["第3.2(b)条を参照。"], behind=["第3.2(a)条を参照。"]),
]

_WORDS_OF_EAST_ASIAN_TEXTS = [
    Row("Chinese", "合同", first=["双方签署了租赁合同。"], absent=["合作双方的同事都到场了。"]),
    Row("Chinese", "王", first=["王小明是部门经理。"], absent=["李小红是部门经理。"]),
    Row("Chinese", "张伟", first=["经办人：张伟。"], absent=["经办人：李伟。"]),
    Row(
        "Chinese",
        "违约金怎么计算",
        first=["逾期付款的，违约金按日万分之五计算。"],
        behind=["押金怎么退还，由双方商定。"],
    ),
    Row(
        "Chinese",
        "北京市朝阳区",
        first=["地址：北京市朝阳区建国路88号。"],
        behind=["地址：北京市海淀区中关村。"],
    ),
    Row(
        "Chinese (traditional)",
        "租賃契約",
        first=["租賃契約期間為三年。"],
        behind=["契約工的薪資每月發放。"],
    ),
    Row(
        "Chinese (traditional)",
        "臺北市",
        first=["公司登記於臺北市信義區。"],
        behind=["公司登記於新北市板橋區。"],
    ),
    Row(
        "Japanese", "東京都", first=["本社は東京都にあります。"], behind=["支社は京都にあります。"]
    ),
    Row(
        "Japanese",
        "賃貸借契約",
        first=["賃貸借契約の期間は二年とする。"],
        behind=["雇用契約の期間は一年とする。"],
    ),
    Row(
        "Japanese",
        "コンピューター",
        first=["新しいコンピュータを購入した。"],
        absent=["新しいプリンタを購入した。"],
    ),
    Row(
        "Japanese",
        "支払い",
        first=["支払いは月末までに行う。"],
        behind=["荷物の払い出しは倉庫で行う。"],
    ),
    Row(
        "Korean",
        "계약",
        first=["임대인은 계약을 해지할 수 있다."],
        absent=["계좌로 약정된 금액을 보낸다."],
    ),
    Row("Korean", "김민수", first=["담당자는 김민수입니다."], behind=["담당자는 이민수입니다."]),
    Row(
        "Korean",
        "부가가치세",
        first=["부가가치세는 별도로 청구한다."],
        behind=["소득세는 별도로 청구한다."],
    ),
    Row(
        "Chinese",
        "《民法典》第585条",
        first=["依据《民法典》第585条。"],
        behind=["依据《民法典》第584条。"],
    ),
    Row(
        "Chinese",
        "发言人",
        first=["[00:12:35] 发言人一：我同意。"],
        absent=["[00:12:35] 主持人：大家好。"],
    ),
    Row(
        "Japanese",
        "日本",
        first=["⽇本国内で使用する。", "日本の法律に従う。"],
        absent=["休日も本店は営業する。"],
    ),
    Row("Japanese", "神社", first=["\ufa19社の境内"], absent=["会社の社屋"]),
    Row("Japanese", "メール", first=["ﾒｰﾙで連絡します。"], absent=["電話で連絡します。"]),
    Row(
        "Korean",
        "계약",
        first=["\u1100\u1168\u110b\u1163\u11a8을 체결했다."],
        absent=["\u1100\u1168\u110c\u116a를 개설했다."],
    ),
]

_CASE_AND_MARKS = [
    Row(
        "Turkish",
        "istanbul",
        first=["Şirketin merkezi İSTANBUL'DA bulunmaktadır."],
        absent=["Şirketin merkezi ANKARA'DA bulunmaktadır."],
    ),
    Row(
        "Turkish",
        "İstanbul",
        first=["istanbul sözleşmesi imzalandı."],
        absent=["Ankara sözleşmesi imzalandı."],
    ),
    Row("Turkish", "ışık", first=["IŞIK VE SU FATURASI"], absent=["AŞIK VE SU PERİSİ"]),
    Row(
        "Turkish",
        "sozlesme",
        first=["Bu SÖZLEŞME iki tarafça imzalanmıştır."],
        absent=["Bu makbuz iki tarafça imzalanmıştır."],
    ),
    Row(
        "German",
        "Straße",
        first=["Die Lieferung geht an die BERLINER STRASSE 12."],
        absent=["Die Lieferung geht an den Berliner Platz 12."],
    ),
    Row(
        "German",
        "strasse",
        first=["Unser Büro liegt in der Langen Straße."],
        absent=["Unser Büro liegt am Langen Markt."],
    ),
    Row(
        "German",
        "schön",
        first=["Das Haus ist wirklich schön."],
        found=["Das Haus ist schon verkauft."],
    ),
    Row(
        "German",
        "muller",
        first=["Herr Müller unterschreibt den Vertrag."],
        absent=["Herr Möller unterschreibt den Vertrag."],
    ),
    Row(
        "French",
        "ete",
        first=["Les bureaux ferment l’été."],
        absent=["Les bureaux ferment l’hiver."],
    ),
    Row(
        "French",
        "coeur",
        first=["Le cœur du litige est le prix."],
        absent=["La cour a fixé le prix."],
    ),
    Row("French", "L'ÉTAT", first=["La loi engage l’État."], absent=["La loi engage la commune."]),
    Row(
        "French",
        "pêcheur",
        first=["Le pêcheur a signé."],
        found=["Le pecheur a signé."],
        absent=["Le bateau appartient à la pêcherie."],
    ),
    Row(
        "Spanish",
        "espana",
        first=["La sociedad tiene su domicilio en España."],
        absent=["La sociedad tiene su domicilio en Portugal."],
    ),
    Row(
        "Spanish",
        "peña",
        first=["Vive en la peña."],
        found=["No vale la pena."],
    ),
    Row(
        "Spanish",
        "RAZÓN SOCIAL",
        first=["La razón social figura en la factura."],
        behind=["La seguridad social figura en la nómina."],
    ),
    Row(
        "Portuguese",
        "sao paulo",
        first=["O contrato foi assinado em São Paulo."],
        behind=["Paulo assinou o contrato no Rio."],
    ),
    Row(
        "Portuguese",
        "avó",
        first=["A casa era da minha avó."],
        found=["A casa era do meu avô."],
    ),
    Row(
        "Portuguese",
        "AÇÕES",
        first=["As ações da empresa foram vendidas."],
        absent=["As ânforas da empresa foram vendidas."],
    ),
    Row(
        "Italian",
        "citta",
        first=["Il comune della città rilascia il permesso."],
        absent=["Il comune della valle rilascia il permesso."],
    ),
    Row(
        "Italian",
        "perché",
        first=["Ecco PERCHÉ il contratto è nullo."],
        absent=["Ecco come il contratto è nullo."],
    ),
    Row(
        "Dutch",
        "coordinatie",
        first=["De coördinatie ligt bij de aannemer."],
        absent=["De uitvoering ligt bij de aannemer."],
    ),
    Row(
        "Dutch",
        "IJsselmeer",
        first=["De boot vaart op het Ĳsselmeer."],
        absent=["De boot vaart op het Markermeer."],
    ),
    Row(
        "Swedish",
        "malmo",
        first=["Bolaget har sitt säte i Malmö."],
        absent=["Bolaget har sitt säte i Lund."],
    ),
    Row(
        "Swedish",
        "räkning",
        first=["Betala RÄKNINGEN? Nej, denna räkning är redan betald."],
        absent=["Betala skatten? Nej, den är redan betald."],
    ),
    Row(
        "Danish",
        "kobenhavn",
        first=["Aftalen er indgået i København."],
        absent=["Aftalen er indgået i Aarhus."],
    ),
    Row(
        "Danish",
        "faeroerne",
        first=["Loven gælder også på Færøerne."],
        absent=["Loven gælder også på Grønland."],
    ),
    Row(
        "Norwegian",
        "BODØ",
        first=["Kontoret ligger i Bodø sentrum."],
        absent=["Kontoret ligger i Oslo sentrum."],
    ),
    Row(
        "Norwegian",
        "kø",
        first=["Det er lang kø."],
        found=["Bonden har ei ko."],
    ),
    Row(
        "Icelandic",
        "thingvellir",
        first=["Fundurinn var haldinn á Þingvellir."],
        absent=["Fundurinn var haldinn á Akureyri."],
    ),
    Row(
        "Finnish",
        "paatos",
        first=["Hallituksen päätös on julkinen."],
        absent=["Hallituksen kokous on julkinen."],
    ),
    Row(
        "Finnish",
        "sää",
        first=["Sää on kaunis."],
        found=["Radio saa luvan."],
    ),
    Row(
        "Polish",
        "lodz",
        first=["Spółka ma siedzibę w mieście ŁÓDŹ."],
        absent=["Spółka ma siedzibę w mieście Lublin."],
    ),
    Row(
        "Polish",
        "kąt",
        first=["Kąt prosty."],
        found=["Kat odszedł."],
    ),
    Row(
        "Polish",
        "ŁĄCZNA KWOTA",
        first=["Łączna kwota faktury wynosi sto złotych."],
        behind=["Kwota podatku wynosi dwa złote."],
    ),
    Row(
        "Czech",
        "dvorak",
        first=["Smlouvu podepsal Antonín Dvořák."],
        absent=["Smlouvu podepsal Antonín Novák."],
    ),
    Row(
        "Czech",
        "příloha",
        first=["PŘÍLOHA č. 2 obsahuje ceník."],
        absent=["PŘÍRUČKA č. 2 obsahuje ceník."],
    ),
    Row("Hungarian", "gyor", first=["A cég székhelye Győr."], absent=["A cég székhelye Pécs."]),
    Row(
        "Hungarian",
        "szerződés",
        first=["A SZERZŐDÉS aláírása kedden lesz."],
        absent=["A SZERELÉS befejezése kedden lesz."],
    ),
    Row(
        "Romanian",
        "București",
        first=["Sediul este în Bucureşti."],
        absent=["Sediul este în Timişoara."],
    ),
    Row(
        "Romanian",
        "factura",
        first=["Această FACTURĂ se plătește în zece zile."],
        absent=["Această chirie se plătește în zece zile."],
    ),
    Row(
        "Vietnamese",
        "hop dong",
        first=["Hợp đồng lao động có thời hạn một năm."],
        behind=["Đồng hồ được giao trong một năm."],
    ),
    Row(
        "Vietnamese",
        "bán",
        first=["Cần bán gạo."],
        found=["Cái bàn mới.", "Người bạn cũ."],
    ),
    Row(
        "Vietnamese",
        "Da Nang",
        first=["Trụ sở đặt tại ĐÀ NẴNG."],
        absent=["Trụ sở đặt tại HÀ NỘI."],
    ),
    Row(
        "Vietnamese",
        "tiê\u0301ng Viê\u0323t",
        first=["Văn bản được lập bằng tiếng Việt."],
        absent=["Bản dịch lập bằng chữ Hán."],
    ),
    Row(
        "Vietnamese",
        "nhà cho thuê",
        first=["Cần tìm nhà cho thuê ở quận 3."],
        behind=["Cho thuế suất mới vào bảng kê."],
    ),
    Row("Russian", "елка", first=["На площади стоит Ёлка."], absent=["На площади стоит палка."]),
    Row(
        "Russian",
        "счёт",
        first=["Оплатите СЧЕТ до пятницы."],
        absent=["Оплатите налог до пятницы."],
    ),
    Row("Russian", "война", first=["Началась война."], absent=["Щит воина висит на стене."]),
    Row("Russian", "мои\u0306", first=["Это мой договор."], absent=["Это мои договоры."]),
    Row(
        "Russian",
        "замок",
        first=["Старый за\u0301мок продаётся."],
        absent=["Старый заказ продаётся."],
    ),
    Row(
        "Ukrainian",
        "сім'я",
        first=["Уся сімʼя підписала договір."],
        behind=["Усі сім осіб підписали договір."],
    ),
    Row(
        "Ukrainian",
        "київ",
        first=["Місто КИЇВ, вулиця Хрещатик."],
        absent=["Місто Львів, вулиця Городоцька."],
    ),
    Row("Ukrainian", "її", first=["Її договір подовжено."], absent=["І договір подовжено."]),
    Row(
        "Greek",
        "αθηνα",
        first=["Η έδρα είναι στην Αθήνα.", "ΔΗΜΟΣ: ΑΘΗΝΑ"],
        absent=["Η έδρα είναι στην Πάτρα."],
    ),
    Row(
        "Greek",
        "ΟΔΟΣ",
        first=["Η οδός Ερμού είναι κλειστή."],
        absent=["Η πλατεία Ερμού είναι κλειστή."],
    ),
    Row("Greek", "Νόμος", first=["ΝΟΜΟΣ ΥΠ’ ΑΡΙΘΜΟΝ 4000"], absent=["ΝΟΜΑΡΧΙΑ ΑΤΤΙΚΗΣ 4000"]),
    Row(
        "Greek",
        "μαιος",
        first=["Προθεσμία: Μάϊος του 2023."],
        absent=["Προθεσμία: Ιούνιος του 2023."],
    ),
    Row(
        "Greek",
        "ανθρωπος",
        first=["Πᾶς ἄνθρωπος φύσει ὀρέγεται."],
        absent=["Πᾶς λόγος φύσει ὀρέγεται."],
    ),
    Row(
        "Arabic",
        "كتاب",
        first=["هٰذَا كِتَابٌ جَدِيدٌ.", "عنوان: كتـــاب القانون"],
        absent=["هذا مكتب جديد."],
    ),
    Row("Arabic", "احمد", first=["وقّع أحمد الاتفاقية."], absent=["وقّع محمد الاتفاقية."]),
    Row(
        "Arabic",
        "الإيجار",
        first=["يدفع المستأجر الايجار شهريا."],
        absent=["يدفع المستأجر الكهرباء شهريا."],
    ),
    Row(
        "Arabic", "مدرسه", first=["تقع المدرسة قرب مدرسة البنات."], absent=["يقع المكتب قرب السوق."]
    ),
    Row(
        "Arabic",
        "علي حسن",
        first=["وقع السيد علي حسن هذا العقد أمام الكاتب بالعدل."],
        behind=["الدفع على البائع حسن."],
    ),
    Row("Arabic", "سوال", first=["هذا سؤال قانوني."], absent=["هذا سوق قديم."]),
    Row("Arabic", "عقد", first=["\ufecb\ufed8\ufeaa \ufe91\ufef4\ufecc"], absent=["عهد جديد"]),
    Row("Arabic", "لا", first=["\ufefb يجوز فسخ العقد."], absent=["يجوز فسخ العقد."]),
    Row(
        "Persian", "کتاب", first=["این كتاب دربارهٔ قرارداد است."], absent=["این کاتب قرارداد است."]
    ),
    Row(
        "Persian",
        "خانه",
        first=["خانهٔ ما در تهران است.", "خانۀ شما فروخته شد."],
        absent=["مغازهٔ ما در تهران است."],
    ),
    Row("Persian", "علی", first=["امضا: علي رضایی"], absent=["امضا: حسن رضایی"]),
    Row(
        "Urdu", "معاہدہ", first=["یہ معاہدہ دو سال کے لیے ہے۔"], absent=["یہ عمارت دو منزل کی ہے۔"]
    ),
    Row("Urdu", "لئے", first=["کرایہ دار کے لیے شرائط"], absent=["کرایہ دار کی شرائط"]),
    Row("Hebrew", "שלום", first=["שָׁלוֹם לְכוּלָם"], absent=["שלל לכולם"]),
    Row(
        "Hebrew", 'צה"ל', first=["חיילי צה״ל חתמו על הטופס."], behind=["פקידי המשרד חתמו על הטופס."]
    ),
    Row(
        "Hebrew",
        "חו״ל",
        first=['הסכם עם ספק מחו"ל או נסיעה לחו"ל, אל חו"ל.'],
        absent=["הסכם עם ספק מקומי."],
    ),
    Row("Hebrew", "בית משפט", first=["החלטת בית־משפט השלום."], behind=["החלטת בית הדין."]),
    Row("Georgian", "საქართველო", first=["ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ, თბილისი"], absent=["სომხეთი, ერევანი"]),
    Row(
        "Armenian",
        "Երևան",
        first=["ՔԱՂԱՔ ԵՐԵՎԱՆ", "Երեւան քաղաքի պայմանագիր"],
        absent=["ՔԱՂԱՔ ԳՅՈՒՄՐԻ"],
    ),
    Row(
        "Armenian", "որտեղ", first=["Որտե՞ղ է պայմանագիրը:"], absent=["Ինչպե՞ս կնքել պայմանագիրը:"]
    ),
    Row("Amharic", "ጸሀይ", first=["ፀሐይ ባንክ አዲስ ውል ፈረመ።"], absent=["አባይ ባንክ አዲስ ውል ፈረመ።"]),
    Row(
        "Azerbaijani",
        "muqavile",
        first=["Bu müqavilə bir il üçündür."],
        absent=["Bu bina bir mərtəbədir."],
    ),
    Row("Yoruba", "oruko", first=["Orúkọ mi ni Adé."], absent=["Ilé mi ni èyí."]),
    Row("Hausa", "kasa", first=["Wannan ƙasa ce mai girma."], absent=["Wannan kaza ce mai girma."]),
    Row(
        "Lithuanian",
        "siauliai",
        first=["Buveinė: ŠIAULIAI, Lietuva"],
        absent=["Buveinė: KAUNAS, Lietuva"],
    ),
    Row("Latvian", "ligums", first=["Šis līgums ir spēkā."], absent=["Šis likums ir spēkā."]),
    Row("Slovak", "zmluva", first=["Nájomná ZMLUVA č. 5"], absent=["Nájomná ZMENA č. 5"]),
    Row("Croatian", "racun", first=["Ovaj račun je plaćen."], absent=["Ovaj ugovor je potpisan."]),
    Row("Bulgarian", "май", first=["Срокът изтича през май."], absent=["Маи е име на река."]),
    Row(
        "Kazakh",
        "ШАРТ",
        first=["Бұл шарт екі жылға жасалды."],
        absent=["Бұл шара екі жылға созылды."],
    ),
    Row(
        "Filipino",
        "Peña",
        first=["Si Gng. Peña."],
        found=["Si Gng. Pena."],
    ),
    Row("Swahili", "mkataba", first=["MKATABA wa upangaji"], absent=["Makala ya upangaji"]),
    Row("Catalan", "lliço", first=["La lliçó és avui."], absent=["La llista és avui."]),
    Row("Welsh", "ty", first=["Mae'r tŷ ar werth."], absent=["Mae'r car ar werth."]),
    Row("Hungarian", "árvíz", first=["ÁRVÍZ ELLENI BIZTOSÍTÁS"], absent=["TŰZ ELLENI BIZTOSÍTÁS"]),
    Row(
        "French",
        "ou",
        first=["Payer ou partir.", "Le lieu où il habite."],
        absent=["Payer et partir."],
    ),
    Row("German", "GROẞE", first=["Die große Halle"], absent=["Die graue Halle"]),
    Row(
        "German",
        "Gesetz",
        first=["Das Geſetz vom 1. Mai 1820"],
        absent=["Der Geſelle vom 1. Mai 1820"],
    ),
    Row("Vietnamese", "hoà bình", first=["Hiệp định hòa bình"], behind=["Hiệp định bình đẳng"]),
]

_MARKS_WITHIN_WORDS = [
    Row(
        "Hindi",
        "दिल्ली",
        first=["किराये का अनुबंध दिल्ली में हुआ।"],
        absent=["दाल का भाव बढ़ा।", "दल ने बैठक की।", "लाल किला बंद है।"],
    ),
    Row("Hindi", "हिन्दी", first=["यह दस्तावेज़ हिंदी में है।"], absent=["यह दस्तावेज़ हद में है।"]),
    Row("Hindi", "हिंदी", first=["यह दस्तावेज़ हिन्दी में है।"], absent=["यह दस्तावेज़ हद में है।"]),
    Row("Hindi", "संपत्ति", first=["सम्पत्ति का मूल्यांकन हुआ।"], absent=["सहमति का पत्र मिला।"]),
    Row(
        "Hindi",
        "जमीन",
        first=["ज\u093cमीन का सौदा हुआ।", "\u095bमीन बिक गई।"],
        absent=["मकान का सौदा हुआ।"],
    ),
    Row("Hindi", "चाँद", first=["चांद निकल आया।"], absent=["चादर सूख गई।"]),
    Row("Hindi", "काल", first=["यह काल कठिन था।"], absent=["कल बैठक होगी।", "कुल राशि दी गई।"]),
    Row("Hindi", "अनुबंध", first=["यह अनुबंध।"], absent=["यह अनुभव।"]),
    Row(
        "Marathi",
        "महाराष्ट्र",
        first=["हा करार महाराष्ट्र राज्यात झाला."],
        absent=["हा करार राष्ट्र म्हणून झाला."],
    ),
    Row("Bengali", "চুক্তি", first=["এই চুক্তি দুই বছরের জন্য।"], absent=["এই যুক্তি দুই বছরের পুরনো।"]),
    Row("Bengali", "আ\u09dfকর", first=["আয\u09bcকর বিভাগের নোটিশ।"], absent=["আকর গ্রন্থের তালিকা।"]),
    Row("Bengali", "বাংলাদেশ", first=["বাংলাদেশ ব্যাংকের নির্দেশ।"], absent=["বিদেশ ভ্রমণের নির্দেশ।"]),
    Row(
        "Tamil",
        "ஒப்பந்தம்",
        first=["இந்த ஒப்பந்தம் சென்னையில் கையெழுத்தானது."],
        absent=["இந்த ஒப்பம் சென்னையில் பெறப்பட்டது."],
    ),
    Row(
        "Tamil",
        "கொடை",
        first=["கோயிலுக்கு க\u0bc6\u0bbeடை வழங்கப்பட்டது."],
        absent=["கோயிலுக்கு குடை வழங்கப்பட்டது."],
    ),
    Row("Tamil", "தமிழ்நாடு", first=["தமிழ்நாடு அரசின் ஆணை."], absent=["கேரள அரசின் ஆணை."]),
    Row("Telugu", "ఒప్పందం", first=["ఈ ఒప్పందం హైదరాబాదులో జరిగింది."], absent=["ఈ పందెం హైదరాబాదులో జరిగింది."]),
    Row(
        "Malayalam",
        "കരാർ",
        first=["ഈ കരാര\u0d4d\u200d രണ്ടു വർഷത്തേക്കാണ്."],
        absent=["ഈ കര രണ്ടു വർഷത്തേക്കാണ്."],
    ),
    Row("Gujarati", "કરાર", first=["આ કરાર અમદાવાદમાં થયો."], absent=["આ કિરણ અમદાવાદમાં હતી."]),
    Row("Punjabi", "ਪੰਜਾਬ", first=["ਇਹ ਦਫ਼ਤਰ ਪੰਜਾਬ ਵਿੱਚ ਹੈ।"], absent=["ਇਹ ਜਵਾਬ ਪੂਰਾ ਹੈ।"]),
    Row("Sinhala", "ශ්රී", first=["ශ්\u200dරී ලංකා රජය"], absent=["ඉන්දියා රජය"]),
    Row("Tibetan", "བོད་ཡིག", first=["ཡིག་ཆ་འདི་བོད་ཡིག་ཡིན།"], behind=["ཡིག་ཆ་འདི་རྒྱ་ཡིག་ཡིན།"]),
]

_WORDS_OF_SOUTHEAST_ASIAN_TEXTS = [
    Row("Thai", "สัญญา", first=["ผู้เช่าต้องปฏิบัติตามสัญญาเช่าทุกข้อ"], absent=["ผู้คนต้องการสันติภาพในประเทศ"]),
    Row(
        "Thai",
        "สัญญาเช่า",
        first=["ผู้เช่าต้องปฏิบัติตามสัญญาเช่าทุกข้อ"],
        behind=["ผู้รับจ้างต้องปฏิบัติตามสัญญาจ้างทุกข้อ"],
    ),
    Row(
        "Thai",
        "กรุงเทพมหานคร",
        first=["สำนักงานตั้งอยู่ในกรุงเทพมหานครชั้นใน"],
        behind=["สำนักงานตั้งอยู่ในนครราชสีมา"],
    ),
    Row("Thai", "iPhone", first=["ลูกค้าซื้อiPhoneเครื่องใหม่"], absent=["ลูกค้าซื้อโทรศัพท์เครื่องใหม่"]),
    Row("Thai", "ค่าเช่า 5000 บาท", first=["ค่าเช่าเดือนละ5000บาท"], behind=["ค่าเช่าเดือนละ6000บาท"]),
    Row("Lao", "ສັນຍາ", first=["ທັງສອງຝ່າຍໄດ້ເຊັນສັນຍາເຊົ່າເຮືອນແລ້ວ"], absent=["ທັງສອງຝ່າຍໄດ້ກິນເຂົ້າແລ້ວ"]),
    Row("Lao", "ວຽງຈັນ", first=["ຫ້ອງການຕັ້ງຢູ່ນະຄອນຫຼວງວຽງຈັນປະເທດລາວ"], behind=["ຫ້ອງການຕັ້ງຢູ່ເມືອງຫຼວງພະບາງ"]),
    Row("Khmer", "កិច្ចសន្យា", first=["គូភាគីបានចុះកិច្ចសន្យាជួលផ្ទះ"], behind=["គូភាគីបានជួបកិច្ចប្រជុំ"]),
    Row("Khmer", "ភ្នំពេញ", first=["ការិយាល័យស្ថិតនៅរាជធានីភ្នំពេញ"], behind=["ការិយាល័យស្ថិតនៅខេត្តសៀមរាប"]),
    Row("Burmese", "စာချုပ်", first=["နှစ်ဖက်သည်အိမ်ငှားစာချုပ်ကိုလက်မှတ်ထိုးသည်။"], behind=["နှစ်ဖက်သည်စာအုပ်ကိုဖတ်သည်။"]),
    Row("Burmese", "ရန်ကုန်", first=["ရုံးခွဲသည်ရန်ကုန်မြို့တွင်ရှိသည်။"], behind=["ရုံးခွဲသည်မန္တလေးမြို့တွင်ရှိသည်။"]),
]

_WHAT_NOBODY_SEES = [
    Row(
        "German",
        "Donaudampfschifffahrt",
        first=["Die Donau\u00addampf\u00adschiff\u00adfahrt wird eingestellt."],
        absent=["Die Donau wird gesperrt."],
    ),
    Row(
        "English",
        "information",
        first=["Confidential infor\u00admation is returned."],
        absent=["Confidential papers are returned."],
    ),
    Row(
        "English",
        "infor\u00admation",
        first=["Confidential information is returned."],
        absent=["Confidential papers are returned."],
    ),
    Row(
        "German",
        "Vertrag",
        first=["\ufeffVertrag zwischen den Parteien", "Der Ver\u2060trag endet."],
        absent=["Die Vertretung endet."],
    ),
    Row(
        "Khmer",
        "ភាសាខ្មែរ",
        first=["ឯកសារនេះសរសេរជាភាសា\u200bខ្មែរ"],
        behind=["ឯកសារនេះសរសេរជាភាសាថៃ"],
    ),
    Row(
        "Thai",
        "สัญญาเช่า",
        first=["ผู้ให้เช่าลงนามใน\u200bสัญญา\u200bเช่า\u200bแล้ว"],
        behind=["ผู้รับจ้างลงนามใน\u200bสัญญา\u200bจ้าง\u200bแล้ว"],
    ),
    Row("Persian", "می خواهم", first=["من این خانه را می\u200cخواهم."], behind=["من می روم."]),
    Row(
        "Persian",
        "می\u200cخواهم",
        first=["من این خانه را می خواهم.", "این را میخواهم."],
        behind=["من می روم."],
    ),
    Row("Persian", "کتابها", first=["کتاب\u200cها فروخته شد."], absent=["دفترها فروخته شد."]),
    Row("Persian", "کتاب", first=["کتاب\u200cها فروخته شد."], absent=["دفترها فروخته شد."]),
    Row(
        "Hebrew",
        "חוזה",
        first=["\u200fחוזה\u200f שכירות \u202b2023\u202c"],
        absent=["\u200fחזה\u200f עוף"],
    ),
    Row(
        "Arabic",
        "عقد",
        first=["\u202bعقد\u202c إيجار \u200f(2023)"],
        absent=["\u202bعقل\u202c سليم"],
    ),
    Row(
        "English",
        "documents",
        first=["Keep all docu-\nments for ten years."],
        absent=["Keep all receipts for ten years."],
    ),
    Row("English", "agreement", first=["The agree-\r\n  ments end."], absent=["The leases end."]),
    Row(
        "English",
        "well-known",
        first=["A well-\nknown brand.", "A well-known name."],
        behind=["A well is known."],
    ),
    Row(
        "German",
        "Vertragspartner",
        first=["Jeder Vertrags-\npartner haftet.", "Jeder Vertrags\u00ad\npartner zahlt."],
        absent=["Jeder Vertrag endet."],
    ),
    Row(
        "Hungarian", "szerződés", first=["A szerző-\ndés aláírása."], absent=["A szerző aláírása."]
    ),
    Row(
        "Russian",
        "договор",
        first=["Настоящий дого-\nвор заключён."],
        absent=["Настоящий заговор раскрыт."],
    ),
    Row(
        "Japanese",
        "ABC123",
        first=["型番はＡＢＣ１２３です。"],
        absent=["型番はＸＹＺ４５６です。"],
    ),
    Row("Japanese", "カタログ", first=["新しいｶﾀﾛｸﾞを送ります。"], absent=["新しいｶｰﾄﾞを送ります。"]),
    Row("Japanese", "ﾃﾞｰﾀ", first=["データを保存する。"], absent=["テープを保存する。"]),
    Row("Japanese", "株式会社", first=["㍿山田製作所"], absent=["山田製作所"]),
    Row("Japanese", "令和", first=["㋿5年4月1日"], absent=["平成5年4月1日"]),
    Row("Chinese", "Ａ４纸", first=["请打印在A4纸上。"], behind=["请打印在A3纸上。"]),
    Row(
        "English",
        "finance officer",
        first=["The ﬁnance oﬃcer signs."],
        behind=["The police officer signs."],
    ),
    Row(
        "German",
        "Auflage",
        first=["Die zweite Auﬂage erscheint."],
        absent=["Die zweite Aufgabe erscheint."],
    ),
    Row(
        "German", "Vertrag", first=["Der Vertrag¹ ist gültig."], absent=["Der Antrag¹ ist gültig."]
    ),
    Row(
        "English",
        "liability",
        first=["Limits of liability.¹² See note.", "Strict liability³ applies."],
        absent=["Strict rules³ apply."],
    ),
    Row("English", "CO2", first=["CO₂ emissions fell."], absent=["Copper emissions fell."]),
    Row(
        "German",
        "85 m2",
        first=["Wohnfläche: 85 m² im zweiten Obergeschoss des Hauses"],
        behind=["Hausnummer: 85 m"],
    ),
    Row(
        "German",
        "20 °C",
        first=["Lagern bei höchstens 20 ℃."],
        behind=["Lagern bei höchstens 25 ℃."],
    ),
    Row("Spanish", "n.º 45", first=["Véase la factura nº 45."], behind=["Véase la factura nº 54."]),
    Row(
        "Russian", "договор № 45", first=["Договор №45 подписан."], behind=["Договор №54 подписан."]
    ),
    Row(
        "English",
        "Chapter IV",
        first=["See chapter Ⅳ of the act."],
        behind=["See chapter Ⅵ of the act."],
    ),
    Row(
        "Persian",
        "ميشود",
        first=["قرارداد تمدید می\u200cشود."],
        absent=["قرارداد تمدید می\u200cگردد."],
    ),
    Row(
        "Spanish", "antiinflacion", first=["Un plan anti-inflación."], absent=["Un plan anti-robo."]
    ),
    Row("Spanish", "anti-inflación", first=["Un plan antiinflacion."], absent=["Un plan general."]),
    Row("German", "m2", first=["Die Wohnung hat 85 m²."], absent=["Die Wohnung hat 85 m Flur."]),
    Row("German", "E-Mail", first=["Eine E-\nMail genügt."], absent=["Eine Mahnung genügt."]),
    Row(
        "English",
        "rent",
        first=["The\u2003rent\u2009is\u00a0due.", "Rent\u2014monthly\u2014is due."],
        absent=["Parents and current rentals"],
    ),
    Row(
        "Hungarian",
        "szerződés",
        first=["A szerzo\u030b-\nde\u0301s aláírása."],
        absent=["A szerző aláírása."],
    ),
    Row("Japanese", "85㎡", first=["床面積は85m²です。"], behind=["床面積は58m²です。"]),
    Row("Japanese", "㎡", first=["床面積は85 m²です。"], absent=["高さは85 mmです。"]),
    Row("Chinese", "合同金额", first=["本合\n同金\r\n额为五十万元。"], absent=["合金的同类产品"]),
    Row(
        "Chinese",
        "“不可抗力”",
        first=["因不可\n抗力不能履行。"],
        absent=["因不可\n\n抗力不能履行。"],
    ),
    Row(
        "Japanese",
        "契約期間",
        first=["本件の契\n約期間は二年とする。"],
        absent=["約束の期日は明日とする。"],
    ),
    Row(
        "Korean", '"계약 해지"', first=["임대차 계약\n해지 통보"], absent=["임대차 해지\n계약 통보"]
    ),
    Row(
        "Japanese",
        "E-1234/56",
        first=["番号：Ｅ－１２３４／５６"],
        behind=["番号：Ｅ－１２３４／５７"],
    ),
]

_DIGITS = [
    Row("Arabic", "2023", first=["وقع العقد في عام ٢٠٢٣."], absent=["وقع العقد في عام ٢٠٢٢."]),
    Row("Arabic", "٢٠٢٣", first=["وقع العقد في عام 2023."], absent=["وقع العقد في عام 2022."]),
    Row(
        "Persian",
        "1402",
        first=["قرارداد سال ۱۴۰۲ تمدید شد."],
        absent=["قرارداد سال ۱۴۰۱ تمدید شد."],
    ),
    Row("Urdu", "2023", first=["معاہدہ ۲۰۲۳ میں ہوا۔"], absent=["معاہدہ ۲۰۲۲ میں ہوا۔"]),
    Row(
        "Hindi",
        "धारा 420",
        first=["धारा ४२० के तहत मामला दर्ज हुआ।"],
        behind=["धारा ३०२ के तहत मामला दर्ज हुआ।"],
    ),
    Row("Bengali", "2023", first=["চুক্তিটি ২০২৩ সালে হয়।"], absent=["চুক্তিটি ২০২২ সালে হয়।"]),
    Row("Thai", "พ.ศ. 2566", first=["สัญญาลงวันที่ ๕ พ.ศ. ๒๕๖๖"], behind=["สัญญาลงวันที่ ๕ พ.ศ. ๒๕๖๕"]),
    Row("Lao", "2023", first=["ສັນຍາປີ໒໐໒໓"], absent=["ສັນຍາປີ໒໐໒໒"]),
    Row("Khmer", "2023", first=["កិច្ចសន្យាឆ្នាំ២០២៣"], absent=["កិច្ចសន្យាឆ្នាំ២០២២"]),
    Row("Burmese", "2023", first=["၂၀၂၃ခုနှစ်စာချုပ်"], absent=["၂၀၂၂ခုနှစ်စာချုပ်"]),
    Row(
        "Arabic",
        "١٬٢٣٤٫٥٦",
        first=["المبلغ ١٬٢٣٤٫٥٦ درهما."],
        behind=["المبلغ ٥٦ درهما و٢٣٤ فلسا."],
    ),
    Row(
        "Persian",
        "1402/05/12",
        first=["قرارداد مورخ ۱۴۰۲/۰۵/۱۲ است."],
        behind=["قرارداد مورخ ۱۴۰۲/۱۲/۰۵ است."],
    ),
    Row("Thai", "3.2", first=["ตามข้อ ๓.๒ ของสัญญา"], behind=["ตามข้อ ๒.๓ ของสัญญา"]),
    Row("Nepali", "धारा २५", first=["धारा 25 बमोजिम"], behind=["धारा 52 बमोजिम"]),
    Row(
        "English",
        "invoice 4711",
        first=["Invoice 4711 of the supplier was due in March and has not been paid."],
        behind=["Invoice 4712 of the supplier: this invoice was paid in March."],
    ),
    Row(
        "English",
        "payments in 2023",
        first=["The payments which fell due in 2023 were made by the tenant."],
        behind=["The payments which fell due in 2022 were late payments by the tenant."],
    ),
    Row(
        "English",
        "1215",
        first=["King John sealed it in 1215."],
        absent=["See pages 12-15 of the book."],
    ),
]

_QUOTES = [
    Row(
        "English",
        '"force majeure"',
        first=["A force majeure event suspends delivery."],
        absent=["Majeure is a French word, and force an English one.", "The force of law."],
    ),
    Row(
        "English",
        "“force majeure” delivery",
        first=["A force majeure event suspends delivery."],
        found=["Force majeure frees both parties."],
        absent=["Delivery by force is a majeure nuisance."],
    ),
    Row(
        "German",
        "„höhere Gewalt“",
        first=["Bei höherer Gewalt nicht; bei ‚höhere Gewalt‘ schon."],
        absent=["Die Gewalt des höheren Amtes."],
    ),
    Row(
        "German",
        "»höhere Gewalt«",
        first=["Der Begriff höhere Gewalt ist eng."],
        absent=["Die Gewalt über höhere Mächte."],
    ),
    Row(
        "French",
        "« force majeure »",
        first=["La force majeure suspend le contrat."],
        absent=["La partie majeure du contrat a force de loi."],
    ),
    Row(
        "French",
        "«\u00a0bonne foi\u00a0»",
        first=["Le contrat s’exécute de bonne foi."],
        absent=["Une bonne affaire, ma foi."],
    ),
    Row(
        "Spanish",
        "«fuerza mayor»",
        first=["Salvo fuerza mayor, se entrega el lunes."],
        absent=["La mayor fuerza es la unión."],
    ),
    Row(
        "Polish",
        "„siła wyższa”",
        first=["Siła wyższa zwalnia strony."],
        absent=["Wyższa siła głosu."],
    ),
    Row(
        "Swedish",
        "”force majeure”",
        first=["Vid force majeure gäller inte avtalet."],
        absent=["Majeure är inte force."],
    ),
    Row(
        "Finnish",
        "”ylivoimainen este”",
        first=["Ylivoimainen este vapauttaa vastuusta."],
        absent=["Este oli ylivoimainen."],
    ),
    Row(
        "Russian",
        "«форс-мажор»",
        first=["Форс-мажор освобождает стороны."],
        absent=["Мажор играет форс-гамму."],
    ),
    Row("Chinese", "“不可抗力”", first=["因不可抗力不能履行合同。"], absent=["不可以抗拒外力。"]),
    Row("Chinese", "“合同金额”", first=["合同金额为五十万元。"], absent=["合同的金额为五十万元。"]),
    Row(
        "Chinese (traditional)",
        "「不可抗力」",
        first=["因不可抗力無法履約。"],
        absent=["抗力不可忽視。"],
    ),
    Row(
        "Japanese",
        "「契約期間」",
        first=["契約期間は二年とする。"],
        absent=["契約の期間は二年とする。"],
    ),
    Row(
        "Japanese",
        "『契約書』の保管",
        first=["契約書は金庫に保管する。"],
        absent=["契約の書類は金庫に保管する。"],
    ),
    Row(
        "Korean",
        '"계약 해지"',
        first=["계약 해지 통보를 받았다."],
        absent=["해지된 계약 통보를 받았다."],
    ),
    Row(
        "Korean",
        "“손해배상”청구",
        first=["손해배상을 청구한다."],
        absent=["손해를 입어 배상을 청구한다."],
    ),
    Row("Thai", '"สัญญาเช่า"', first=["ผู้เช่าลงนามในสัญญาเช่าแล้ว"], absent=["ผู้เช่าลงนามในสัญญาแล้ว"]),
    Row(
        "Arabic",
        '"القوة القاهرة"',
        first=["تعفي القوة القاهرة الطرفين."],
        absent=["القاهرة مدينة لها القوة."],
    ),
    Row(
        "Hebrew",
        '"כוח עליון"',
        first=["אירוע של כוח עליון פוטר."],
        absent=["בית משפט עליון, כוח אדם."],
    ),
    Row(
        "Hindi",
        '"अप्रत्याशित घटना"',
        first=["अप्रत्याशित घटना होने पर छूट।"],
        absent=["घटना अप्रत्याशित थी।"],
    ),
    Row(
        "Vietnamese",
        '"bất khả kháng"',
        first=["Sự kiện bất khả kháng miễn trách nhiệm."],
        absent=["Kháng cáo là bất khả."],
    ),
    Row(
        "Greek",
        "«ανωτέρα βία»",
        first=["Σε περίπτωση ανωτέρας; Όχι: ΑΝΩΤΕΡΑ ΒΙΑ."],
        absent=["Η βία είναι ανωτέρα."],
    ),
    Row(
        "English",
        '"the lessee" notice',
        first=["The lessee gives notice."],
        absent=["A lessee gives notice to the lessor."],
    ),
    Row("Armenian", "«ֆորս մաժոր»", first=["Ֆորս մաժոր դեպքում:"], absent=["Մաժոր, ոչ ֆորս:"]),
    Row(
        "English",
        '"to be or not to be"',
        first=["To be, or not to be: that is the question."],
        absent=["Not to be, or to be so?"],
    ),
    Row(
        "Danish",
        "»force majeure«",
        first=["Ved force majeure gælder aftalen ikke."],
        absent=["Majeure er ikke force."],
    ),
    Row(
        "French",
        "« bail » ou « loyer »",
        first=["Le bail fixe le loyer."],
        absent=["Le bail est signé.", "Le loyer est dû."],
    ),
    Row(
        "English",
        "a 5” pipe and a 6” hose",
        first=["Order: one 5” pipe, one 6” hose"],
        behind=["Order: one bucket"],
    ),
    Row(
        "Dutch",
        "„overmacht” levering",
        first=["Bij overmacht vervalt de levering."],
        absent=["De levering is gratis."],
    ),
    Row(
        "Korean",
        "『근로기준법』",
        first=["근로기준법에 따른다."],
        absent=["근로 시간의 기준은 법에 따른다."],
    ),
    Row(
        "Persian",
        "«قوه قاهره»",
        first=["در صورت قوهٔ قاهره قرارداد فسخ می\u200cشود."],
        absent=["قاهره پایتخت است و قوه دارد."],
    ),
    Row(
        "Turkish",
        '"mücbir sebep"',
        first=["MÜCBİR SEBEP hâlinde sözleşme askıya alınır."],
        absent=["Sebep mücbir değildir."],
    ),
    Row(
        "Japanese",
        "＂契約期間＂",
        first=["契約期間は二年とする。"],
        absent=["契約の期間は二年とする。"],
    ),
    Row(
        "English",
        '"force majeure"',
        first=["A force\nmajeure event"],
        absent=["A force. Of majeure"],
    ),
]

_CODES_AND_NAMES = [
    Row(
        "English",
        "E-1234/56",
        first=["Invoice E-1234/56 is due."],
        behind=["Invoice E-1234/57 is due.", "E-56/1234"],
    ),
    Row(
        "German",
        '"E-1234/56"',
        first=["Die Rechnung E-1234/56 ist fällig."],
        absent=["Die Rechnung E-1234/57 ist fällig.", "Die Rechnung E-56/1234"],
    ),
    Row(
        "English",
        "2021-03-04",
        first=["Signed on 2021-03-04 in Leeds."],
        behind=["Signed on 2021-04-03 in York.", "Signed on 03-04-2021 in Bath."],
    ),
    Row(
        "English",
        "3.10",
        first=["It needs Python 3.10 or later."],
        behind=["It needs Python 3.1, and 10 modules.", "Figure 10.3"],
    ),
    Row(
        "English",
        "§ 3.2(b)",
        first=["As § 3.2(b) of this lease provides."],
        behind=["As § 3.2(a) of this lease provides, and 3.2 too.", "Annex b"],
    ),
    Row(
        "English",
        "v1.2.3",
        first=["The bug was fixed in v1.2.3."],
        behind=["The bug was fixed in v1.3.2.", "v1.2"],
    ),
    Row(
        "English",
        "C++",
        first=["She has written C++ for ten years."],
        behind=["She has written C for ten years.", "Vitamin C"],
    ),
    Row(
        "English",
        "C#",
        first=["A course in C# and its libraries."],
        behind=["A course in C and its libraries.", "C++"],
    ),
    Row(
        "German",
        "C++",
        first=["Wir suchen einen C++-Entwickler."],
        behind=["Wir suchen einen C-Entwickler."],
    ),
    Row(
        "English",
        ".NET",
        first=["The software runs on .NET and Windows."],
        behind=["The net income rose.", "Net 30 days"],
    ),
    Row(
        "English",
        "R&D",
        first=["The R&D department has moved."],
        behind=["Room D, section R.", "Sections R, D and E have moved."],
    ),
    Row("English", "AT&T", first=["A contract with AT&T Inc."], behind=["Meet me at T corner."]),
    Row(
        "English",
        "email",
        first=["Send us an e-mail.", "Send us an email."],
        absent=["Send us mail."],
    ),
    Row(
        "English",
        "e-mail address",
        first=["Write your email address here."],
        behind=["Write your address here."],
    ),
    Row(
        "German",
        "Email",
        first=["Die E-Mail wurde zugestellt."],
        absent=["Die Post wurde zugestellt."],
    ),
    Row(
        "English", "wifi", first=["Free Wi-Fi in all rooms."], absent=["Free parking in all rooms."]
    ),
    Row(
        "English",
        "Wi-Fi password",
        first=["The wifi password is secret."],
        behind=["The door password is secret."],
    ),
    Row(
        "English",
        "covid19",
        first=["Measures against COVID-19 apply."],
        absent=["Measures against 19 pests apply."],
    ),
    Row(
        "English",
        "COVID-19",
        first=["Measures against Covid19 apply."],
        behind=["Measures against 19 pests apply."],
    ),
    Row(
        "English",
        "USA",
        first=["Made in the U.S.A. for export."],
        absent=["Made in the U.K. for export."],
    ),
    Row(
        "English",
        "U.S.A.",
        first=["Made in the USA for export."],
        absent=["Made in the UK for export."],
    ),
    Row(
        "English",
        "O'Reilly",
        first=["Books by O’Reilly are sold."],
        behind=["Books by Riley are sold."],
    ),
    Row(
        "English",
        "John Smith",
        first=["A letter from John Smith to Leeds."],
        behind=["A letter from Smith & Sons to John.", "A letter from Smith to John Brown."],
    ),
    Row(
        "English",
        "Anna Maria Lopez",
        first=["Witness: Anna Maria Lopez of Lima"],
        behind=["Witness: Maria Anna Costa. Lopez, Lima"],
    ),
    Row(
        "English",
        "info@example.com",
        first=["Write to info@example.com today."],
        behind=["Write to sales@example.com today, for info."],
    ),
    Row(
        "English",
        "192.168.1.10",
        first=["The server has the address 192.168.1.10 now."],
        behind=["The server has the address 10.1.168.192 now."],
    ),
    Row(
        "German",
        "1.234,56 €",
        first=["Zu zahlen sind 1.234,56 €."],
        behind=["Zu zahlen sind 1.234,65 €."],
    ),
    Row(
        "French",
        "1 234,56 €",
        first=["Montant à payer : 1\u202f234,56\u00a0€"],
        behind=["Montant à payer : 1\u202f234,65\u00a0€"],
    ),
    Row(
        "German",
        "DE89 3704 0044",
        first=["IBAN: DE89 3704 0044 0532 0130 00"],
        behind=["IBAN: DE12 3704 0532 0044 0130 00"],
    ),
    Row(
        "German",
        "§ 573c BGB",
        first=["Es gilt § 573c BGB."],
        behind=["Es gilt § 573 BGB.", "BGB, Anhang c"],
    ),
    Row(
        "Russian",
        "А.С. Пушкин",
        first=["Автор: А. С. Пушкин, поэт."],
        behind=["Автор: В. Л. Пушкин, поэт."],
    ),
    Row(
        "Russian", "ст. 15 ГК РФ", first=["Убытки: ст. 15 ГК РФ."], behind=["Убытки: ст. 51 ГК РФ."]
    ),
    Row(
        "Polish",
        "art. 415 k.c.",
        first=["Podstawa: art. 415 k.c. w związku"],
        behind=["Podstawa: art. 451 k.c. w związku"],
    ),
    Row(
        "Chinese",
        "GB/T 19001-2016",
        first=["本产品符合GB/T 19001-2016标准。"],
        behind=["本产品符合GB/T 19001-2008标准。"],
    ),
    Row(
        "Indonesian",
        "No. 12/2023",
        first=["Perjanjian No. 12/2023 berlaku sejak hari ini."],
        behind=["Perjanjian No. 21/2023 berlaku sejak hari ini."],
    ),
    Row(
        "Indonesian",
        "PT Maju Jaya",
        first=["Pembeli adalah PT Maju Jaya di Jakarta."],
        behind=["Jaya dan Maju adalah pembeli di Jakarta."],
    ),
    Row(
        "English",
        "00:12:35",
        first=["[00:12:35] Speaker 1: Good morning."],
        behind=["[00:35:12] Speaker 1: Good evening."],
    ),
    Row(
        "English",
        "contract",
        first=["Read #contract and @contract."],
        absent=["Read #lease and @lease."],
    ),
    Row(
        "English",
        "invoice_2023.pdf",
        first=["Attached: invoice_2023.pdf and more"],
        behind=["Attached: invoice_2024.pdf and more"],
    ),
    Row(
        "English",
        "10 Downing Street",
        first=["Deliver it to 10 Downing Street, London."],
        behind=["Deliver it to 11 Downing Street, London, by 10."],
    ),
    Row(
        "Russian",
        "улица Ленина 15",
        first=["Адрес: улица Ленина, 15"],
        behind=["Адрес: улица Ленина, 51"],
    ),
    Row(
        "Vietnamese",
        "Nguyễn Văn An",
        first=["Bên A: ông Nguyễn Văn An"],
        behind=["Bên A: ông An Văn Nguyên"],
    ),
    Row(
        "Hungarian",
        "Nagy László",
        first=["Vevő: Nagy László, Pécs"],
        behind=["Vevő: László Béla nagy raktára, Pécs"],
    ),
    Row(
        "Spanish",
        "artículo 1124 del Código Civil",
        first=["Según el artículo 1124 del Código Civil."],
        behind=["Según el artículo 1142 del Código Penal."],
    ),
    Row(
        "Turkish",
        "6098 sayılı Kanun",
        first=["6098 sayılı Kanun uygulanır."],
        behind=["6102 sayılı Kanun uygulanır."],
    ),
    Row(
        "French",
        "SIRET 732 829 320 00074",
        first=["SIRET : 732 829 320 00074"],
        behind=["SIRET : 552 100 554 00025"],
    ),
    Row(
        "English",
        '"C++"',
        first=["She has written C++ for ten years.", "It is C++17 code."],
        absent=["She has written C for ten years.", "Take vitamin C."],
    ),
    Row(
        "English",
        "programming -C++",
        first=["Programming in C is taught."],
        absent=["Programming in C++ is taught."],
    ),
    Row(
        "English",
        '".NET"',
        first=["The software runs on .NET and Windows."],
        absent=["The net income rose."],
    ),
    Row("Japanese", "「C#」", first=["言語はC#を使う。"], absent=["言語はCを使う。"]),
    Row(
        "English",
        "C++",
        first=["The code is C++17 throughout."],
        behind=["The code is C throughout."],
    ),
    Row(
        "English",
        "50000",
        first=["A penalty of $50,000 applies."],
        absent=["A penalty of $50,001 applies."],
    ),
    Row(
        "English",
        "50,000",
        first=["A penalty of 50000 dollars applies."],
        absent=["A penalty of 5000 dollars applies."],
    ),
    Row(
        "German",
        "1000000",
        first=["Das Stammkapital beträgt 1.000.000 Euro."],
        absent=["Das Stammkapital beträgt 1.000 Euro."],
    ),
    Row("Hindi", "100000", first=["कुल किराया ₹1,00,000 है।"], absent=["कुल किराया ₹1,000 है।"]),
    Row("English", "5 kg", first=["One bag of 5kg rice."], behind=["One bag of rice, a kg."]),
    Row("English", "5kg", first=["One bag of 5 kg rice."], absent=["One bag of rice, a kg."]),
    Row(
        "English",
        "iphone15",
        first=["A new iPhone 15 is sold."],
        absent=["A new iPhone 14 is sold."],
    ),
    Row(
        "Korean",
        "iPhone 15",
        first=["새로운 iPhone15를 구매했다."],
        behind=["새로운 iPhone14를 구매했다."],
    ),
    Row(
        "German", "§ 573c", first=["Gemäß § 573 c gilt dies."], behind=["Gemäß § 572 c gilt dies."]
    ),
    Row(
        "English",
        "tenant",
        first=["The tenant’s duties.", "All tenants' rights."],
        absent=["The landlord’s duties."],
    ),
    Row("French", "avocat", first=["L’avocat a signé."], absent=["L’avis a été signé."]),
    Row("Italian", "accordo", first=["Le parti dell'accordo"], absent=["Le parti dell'atto"]),
    Row(
        "Uzbek",
        "o'zbek",
        first=["Shartnoma o\u02bbzbek tilida.", "Matn O‘ZBEK tilida."],
        absent=["Shartnoma rus tilida."],
    ),
    Row(
        "English",
        "PhD",
        first=["She holds a Ph.D. in law."],
        absent=["She holds a diploma in law."],
    ),
    Row("German", "zB", first=["Kosten, z.B. für Strom"], absent=["Kosten, z. T. für Strom"]),
    Row(
        "English", "Ph.D.", first=["She holds a PhD in law."], absent=["She holds a degree in law."]
    ),
]

_EXCLUSIONS = [
    Row(
        "English",
        "contract -draft",
        first=["The contract is final."],
        absent=["The draft contract."],
    ),
    Row(
        "English",
        'lease -"break clause"',
        first=["This lease has a clause."],
        absent=["This lease has a break clause."],
    ),
    Row("English", "e-mail - contract", first=["An e-mail about the contract."]),
    Row(
        "English",
        "temperature -5",
        first=["A temperature of -5 degrees."],
        behind=["A temperature of 9 degrees."],
    ),
    Row(
        "German",
        "Vertrag -Entwurf",
        first=["Der Vertrag ist gültig."],
        absent=["Vertrag (ENTWURF)"],
    ),
    Row("French", "vacances -été", first=["Les vacances d’hiver."], absent=["Les vacances d’été."]),
    Row("Russian", "договор -аренда", first=["Договор поставки."], absent=["Договор: аренда."]),
    Row("Chinese", "合同 -草案", first=["合同已经生效。"], absent=["合同草案待审。"]),
    Row("Japanese", "契約 -「草案」", first=["契約は有効です。"], absent=["契約の草案です。"]),
    Row("Arabic", "عقد -إيجار", first=["عقد بيع سيارة"], absent=["عقد إيجار سيارة"]),
    Row("English", "-draft", absent=["The draft contract.", "The contract is final."]),
]

_STEMS = [
    Row(
        "English",
        "agreement",
        first=["All agreements end in May."],
        absent=["All leases end in May."],
    ),
    Row(
        "English",
        "agreements",
        first=["The agreement ends in May."],
        absent=["The lease ends in May."],
    ),
    Row(
        "English",
        "terminating contracts",
        first=["The contract was terminated by the tenant."],
        behind=["The terminal was built by the tenant."],
    ),
    Row(
        "English",
        "companies",
        first=["The company was dissolved."],
        absent=["The companion was dismissed."],
    ),
    Row(
        "English",
        "e-mails",
        first=["Send an email to the office."],
        absent=["Send a fax to the office."],
    ),
    Row(
        "English",
        '"agreement"',
        first=["The agreement ends in May."],
        absent=["All agreements end in May."],
    ),
    Row(
        "Spanish",
        "pared",
        first=["La pared del local es blanca."],
        absent=["Ordene que pare el motor."],
    ),
    Row(
        "French",
        "port",
        first=["Le navire est dans le port."],
        absent=["La porte du magasin est fermée."],
    ),
    Row(
        "Indonesian",
        "asing",
        first=["Bank asing dapat membuka kantor dan rekening di Jakarta."],
        absent=["As roda depan mobil itu patah dan harus diganti."],
    ),
    Row(
        "Dutch",
        "haring",
        first=["De haring is van de markt."],
        absent=["Dit is niet het zijne, maar het hare."],
    ),
    Row(
        "Italian",
        "mane",
        first=["Il leone ha mane? No: «da mane a sera» è un modo di dire."],
        absent=["Il man e la mano non sono lo stesso."],
    ),
    Row(
        "German",
        "Messing",
        first=["Die Beschläge sind aus Messing."],
        absent=["Die Messe findet in Hannover statt."],
    ),
    Row(
        "German",
        "Leistung",
        first=["Jede Leistung wird bezahlt."],
        absent=["Die Leiste wird montiert."],
    ),
    Row("Finnish", "kokous", first=["Kokous pidetään tiistaina."], absent=["Koko päivä meni."]),
    Row(
        "English",
        "leases of offices",
        first=["The office lease ended."],
        behind=["The least officers ended."],
    ),
]

_TWO_LANGUAGES = [
    Row(
        "English",
        "agreements",
        first=["This agreement shall be governed by the law of Austria. Dieser Vertrag gilt."],
        absent=["Dieser Vertrag gilt."],
    ),
    Row(
        "German",
        "österreichisches Recht",
        first=["This agreement is governed by the law. Es gilt österreichisches Recht."],
        behind=["This agreement is governed by the law. Es gilt das Recht der Schweiz."],
    ),
    Row("Chinese", "contract", first=["本合同（Contract）一式两份。"], absent=["本合同一式两份。"]),
    Row("Chinese", "Contract编号", first=["Contract编号No.123"], behind=["Invoice编号No.123"]),
    Row(
        "Arabic",
        "contract",
        first=["هذا العقد (Contract) ملزم للطرفين."],
        absent=["هذا العقد ملزم للطرفين."],
    ),
    Row(
        "Japanese",
        "licenses",
        first=["本ソフトウェアには the license agreement of the vendor が適用される。"],
        absent=["本ソフトウェアには契約が適用される。"],
    ),
    Row("Hindi", "GST नंबर", first=["विक्रेता का GST नंबर लिखें।"], behind=["विक्रेता का फोन नंबर लिखें।"]),
    Row(
        "Russian",
        "SWIFT-код",
        first=["Укажите SWIFT-код банка."],
        behind=["Укажите почтовый код банка."],
    ),
    Row(
        "Korean",
        "계약서 invoice",
        first=["계약서와 invoice를 첨부한다."],
        behind=["계약서와 영수증을 첨부한다."],
    ),
    Row(
        "Hebrew",
        "Google",
        first=["חוזה עם Google ישראל", "התחברות ל-Google"],
        absent=["חוזה עם בנק ישראל"],
    ),
    Row(
        "Georgian",
        "ხელშეკრულება",
        first=["ხელშეკრულება (agreement) ძალაშია."],
        absent=["განცხადება (notice) ძალაშია."],
    ),
    Row(
        "Amharic",
        "ውል",
        first=["ይህ ውል፡ጸንቷል። The contract holds."],
        absent=["ይህ ቃል፡ጸንቷል። The word holds."],
    ),
    Row(
        "Armenian",
        "պայմանագիր",
        first=["Սույն ՊԱՅՄԱՆԱԳԻՐ, contract, ուժի մեջ է։"],
        absent=["Սույն որոշում, decision, ուժի մեջ է։"],
    ),
    Row(
        "Serbian",
        "ugovor",
        first=["Ovaj ugovor (договор) važi."],
        absent=["Ovaj račun (счет) važi."],
    ),
    Row(
        "English",
        "上海机械公司",
        first=["The seller is 上海机械公司 and it shall deliver the goods to the buyer by sea."],
        behind=["The seller is 北京机械公司 and it shall deliver the goods to the buyer by sea."],
    ),
    Row(
        "Ukrainian",
        "договір agreement",
        first=["Цей договір (agreement) діє."],
        behind=["Цей договір діє."],
    ),
    Row(
        "Vietnamese",
        "hợp đồng số 12",
        first=["Hợp đồng số 12 (Contract No. 12)"],
        behind=["Hợp đồng số 21 (Contract No. 21)"],
    ),
]

_SIGNS = [
    Row("English", "🚀", first=["Launch day 🚀 is Monday."], absent=["Launch day 🎉 is Monday."]),
    Row("English", "❤", first=["We ❤️ our tenants."], absent=["We 👍 our tenants."]),
    Row("English", "👍", first=["Approved 👍🏽 by Kim"], absent=["Rejected 👎🏽 by Kim"]),
    Row(
        "English",
        "👨‍👩‍👧",
        first=["Family plan 👨‍👩‍👧 included"],
        behind=["Single plan 👨 included"],
    ),
    Row("German", "🇩🇪", first=["Versand nach 🇩🇪 möglich"], absent=["Versand nach 🇫🇷 möglich"]),
    Row(
        "English",
        "500€",
        first=["The deposit is € 500.", "The deposit is 500€."],
        behind=["The deposit is $ 500."],
    ),
    Row("English", "$100", first=["A fee of $100 is due."], behind=["A fee of £100 is due."]),
    Row("Hindi", "₹ 5000", first=["कुल राशि ₹5000 है।"], behind=["कुल राशि $5000 है।"]),
    Row("Korean", "₩5000", first=["수수료는 ₩5000입니다."], behind=["수수료는 $5000입니다."]),
    Row("Japanese", "￥3000", first=["料金は¥3000です。"], behind=["料金は$3000です。"]),
    Row("Thai", "฿", first=["ค่าเช่า ฿500"], absent=["ค่าเช่า $500"]),
    Row("English", "10 μF", first=["A capacitor of 10 µF"], behind=["A capacitor of 10 nF"]),
]

_CONTRACT = "The contract is final."
_LEASE = "A lease of five years."
_ODD_QUESTIONS = (
    [
        Row("English", question, absent=[_CONTRACT, _LEASE])
        for question in (
            "",
            " ",
            '"',
            '""',
            '" "',
            "-",
            "--",
            "- -",
            '-"',
            '-""',
            "*",
            "^",
            "?!",
            "...",
            "“”",
            "„“",
            "« »",
            "「」",
            "()",
            "{}",
            "\x00",
            "\u200b",
            "\u0301",
            "'",
            "\\",
            ";--",
            "+",
            "_",
            "。、",
        )
    ]
    + [
        Row("English", question, first=[_CONTRACT], absent=[_LEASE])
        for question in (
            '"contract',
            'contract"',
            "“contract",
            "contract -",
            "- contract",
            '"" contract',
            "contract*",
            "^contract",
            "contract:",
            "terms:contract",
            "{terms} : contract",
            "(contract",
            "contract)",
            "NEAR(contract",
            "NEAR(contract, 5)",
            "contract AND",
            "NOT contract",
            "contract OR",
            "AND OR NOT NEAR contract",
            "contract; DROP TABLE documents",
            "' OR 1=1 -- contract",
            "con\u00adtract\x00",
            "contract + contract",
            '"contract" OR "',
            "«contract",
            "contract\\",
            "+contract",
        )
    ]
    + [
        Row("English", "the", first=[_CONTRACT], absent=[_LEASE]),
        Row("English", "what is it of", found=[_CONTRACT, _LEASE], absent=["No terms."]),
        Row("English", "the contract", first=[_CONTRACT], absent=["The end."]),
        Row("German", "der die das", first=["Das Haus, die Tür."], absent=["Ein Haus, eine Tür."]),
        Row(
            "English",
            '"the who"',
            first=["Records by The Who are sold."],
            absent=["Who sold the records?"],
        ),
        Row("English", "NEAR", first=["A shop near the station."], absent=[_CONTRACT]),
        # Common words that are names:
        Row(
            "English", "Exhibit A", first=["See Exhibit A here."], behind=["See Exhibit B, a map."]
        ),
        Row("English", "World War I", first=["In World War I they fell."], behind=["World War II"]),
        Row(
            "English",
            "WHO guidelines",
            first=["WHO guidelines say so."],
            behind=["Guidelines for those who drive."],
        ),
        Row("Thai", "เเมว", first=["แมวดำ"], absent=["เมวา"]),
        Row("Thai", "แมว", first=["เเมวดำ"], absent=["เมวา"]),
        Row("English", "NOT", first=["The parties may not assign."], absent=[_CONTRACT]),
        Row(
            "English",
            "contract " + " ".join(f"clause{number}" for number in range(5000)) + " contract",
            first=[_CONTRACT],
            absent=[_LEASE],
        ),
        Row("Chinese", "合同" * 3000, first=["合同已经生效。"], absent=["协议已经生效。"]),
    ]
)

SUBJECTS: dict[str, list[Row]] = {
    "letters and digits in East Asian texts": _LETTERS_AND_DIGITS_IN_EAST_ASIAN_TEXTS,
    "words of East Asian texts": _WORDS_OF_EAST_ASIAN_TEXTS,
    "case and marks": _CASE_AND_MARKS,
    "marks within words": _MARKS_WITHIN_WORDS,
    "words of Southeast Asian texts": _WORDS_OF_SOUTHEAST_ASIAN_TEXTS,
    "what nobody sees": _WHAT_NOBODY_SEES,
    "digits": _DIGITS,
    "quotes": _QUOTES,
    "codes and names": _CODES_AND_NAMES,
    "exclusions": _EXCLUSIONS,
    "stems": _STEMS,
    "two languages": _TWO_LANGUAGES,
    "signs": _SIGNS,
    "odd questions": _ODD_QUESTIONS,
}
